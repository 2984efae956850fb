// SPDX-License-Identifier: Apache-2.0
// What a leader knows about one follower's log, and what it may send next.
//
//            success                       Probe: where do the logs agree? One message at a time,
//     Probe ---------> Pipeline            repeated by heartbeats until an answer comes.
//      ^ ^                | |              Pipeline: they agree; send ahead of the answers, up to
//      | '----------------' |              the limits.
//      |      refusal       | too far      Snapshot: what it lacks is not in the log any more; no
//      '---- Snapshot <-----' behind       entries until the leader's snapshot is there.
//
// Answers may come late, twice, or out of order: `match` only rises, and a refusal that does not
// belong to what is being asked now changes nothing. The one exception: a follower that lost what
// it had acknowledged, and says so.
#pragma once

#include <cstdint>

#include "base/ring.h"
#include "raft/types.h"

namespace raft {

class Progress {
 public:
  enum class Mode : std::uint8_t { Probe, Pipeline, Snapshot };
  // Unanswered messages with entries: one more may be sent while both are below.
  struct Limits {
    std::uint32_t messages = 1;
    std::uint64_t bytes = UINT64_MAX;
  };
  struct Sent {
    LogIndex last;
    std::uint64_t bytes = 0;
    friend bool operator==(const Sent&, const Sent&) = default;
  };

  Progress(LogIndex next, Limits limits) : next_(next), limits_(limits) {}

  Mode mode() const { return mode_; }
  LogIndex match() const { return match_; }  // matchIndex of Raft Figure 2.
  LogIndex next() const { return next_; }    // nextIndex of Raft Figure 2.
  std::size_t inflight() const { return inflight_.size(); }
  std::uint64_t inflight_bytes() const { return inflight_bytes_; }
  // Each unanswered message, oldest first.
  const base::Ring<Sent>& unanswered() const { return inflight_; }

  // May a message with entries leave now? Heartbeats always may.
  bool may_send() const;
  // Entries next..last, which weigh `bytes`, were sent.
  void on_sent(LogIndex last, std::uint64_t bytes = 0);

  // The follower's log is the leader's up to `match`.
  void on_success(LogIndex match);
  // The follower does not have the entry at `previous`; the logs may agree up to `guess`. False: an
  // old answer that says nothing new.
  bool on_refusal(LogIndex previous, LogIndex guess);
  // The follower lost entries, but its log is the leader's up to `match`; it may agree up to
  // `guess`. Requires: match <= guess < next.
  void on_loss(LogIndex match, LogIndex guess);
  // The entry behind match is gone from the leader's log.
  void on_too_far_behind();
  // The follower has a snapshot up to `index`, which the leader's log begins at or before.
  void on_installed(LogIndex index);

  void check_invariants(LogIndex last) const;

 private:
  void probe(LogIndex next);

  Mode mode_ = Mode::Probe;
  bool probing_ = false;  // In Probe: a message with entries is out.
  LogIndex match_;
  LogIndex next_;
  base::Ring<Sent> inflight_;  // In Pipeline.
  std::uint64_t inflight_bytes_ = 0;
  Limits limits_;
};

}  // namespace raft
