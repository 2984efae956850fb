// SPDX-License-Identifier: Apache-2.0
// What a leader knows about one follower's log, and what it may send next.
//
//            success                       Probe: where do the logs agree? One message at a time,
//     Probe ---------> Pipeline            repeated by heartbeats until an answer comes.
//       ^                  |               Pipeline: they agree; send ahead of the answers, up to
//       '------------------'               max_inflight messages.
//             refusal
//
// Answers may come late, twice, or out of order: `match` only rises, and a refusal that does not
// belong to what is being asked now changes nothing.
#pragma once

#include <cstdint>
#include <deque>

#include "raft/types.h"

namespace raft {

class Progress {
 public:
  enum class Mode : std::uint8_t { Probe, Pipeline };

  Progress(LogIndex next, std::uint32_t max_inflight) : next_(next), max_inflight_(max_inflight) {}

  Mode mode() const { return mode_; }
  LogIndex match() const { return match_; }  // matchIndex of Raft Figure 2.
  LogIndex next() const { return next_; }    // nextIndex of Raft Figure 2.
  std::size_t inflight() const { return inflight_.size(); }
  // The last index of each unanswered message, oldest first.
  const std::deque<LogIndex>& unanswered() const { return inflight_; }

  // May a message with entries leave now? Heartbeats always may.
  bool may_send() const;
  // Entries next..last were sent.
  void on_sent(LogIndex last);

  // The follower's log is the leader's up to `match`.
  void on_success(LogIndex match);
  // The follower does not have the entry at `previous`; the logs may agree up to `guess`. False: an
  // old answer that says nothing new.
  bool on_refusal(LogIndex previous, LogIndex guess);

  void check_invariants(LogIndex last) const;

 private:
  Mode mode_ = Mode::Probe;
  bool probing_ = false;  // In Probe: a message with entries is out.
  LogIndex match_;
  LogIndex next_;
  std::deque<LogIndex> inflight_;  // In Pipeline: the last index of each unanswered message.
  std::uint32_t max_inflight_;
};

}  // namespace raft
