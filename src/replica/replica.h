// SPDX-License-Identifier: Apache-2.0
// One server without its sockets: Node + journal + state machine + waiting clients. The only place
// that orders effects; production and simulation run this same code.
//
//   one turn:  receive(m) receive(m) tick() write(..) write(..) read(..)  ... then finish_turn():
//
//   all writes -> one Propose, all reads -> one Read
//   what may leave now ----------------> Outlet, flush       followers sync while we do
//   journal: ONE write and sync
//   what had to wait for it -----------> Outlet, flush
//
// Answers leave as soon as they are true. A write is Done when exactly its entry, index and term,
// was applied. Requests wait only while this server leads: with its leadership goes Unknown to each
// write that is in the log, and NotDone to all else.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/journal.h"
#include "kv/command.h"
#include "kv/machine.h"
#include "raft/node.h"
#include "replica/outlet.h"

namespace replica {

#ifdef SEAWORTHY_BROKEN
// Ways to be wrong on purpose, for checkers to find (docs/raftkv.md).
enum class Broken : std::uint8_t { Nothing, StaleRead, EarlyAck, LostTail, ForgetsVote };
#endif

struct Config {
  raft::Config raft;
  journal::Config journal;
  // Requests that are not answered yet; beyond, NotDone (Overloaded).
  std::size_t max_waiting = std::size_t{256} * 1024;
#ifdef SEAWORTHY_BROKEN
  Broken broken = Broken::Nothing;
#endif
};

class Replica {
 public:
  // Recovers what `disk` holds. Fails as Journal::open does.
  // Requires: `disk` and `outlet` outlive the Replica.
  static base::Result<Replica> open(io::Disk& disk, const Config& config, Outlet& outlet);

  // Inputs of the turn, in the order in which they came. They may already call the Outlet.
  void tick();
  void receive(raft::NodeId from, raft::Message message);
  // `command`: an encoded kv::Command. Writes take effect in the order of these calls, if at all.
  // Requires: `id` is higher than that of any request before.
  void write(RequestId id, raft::Payload command);
  // A linearizable read; if `after` names a write that takes effect, it sees that effect, too.
  // Requires: as write().
  void read(RequestId id, kv::Query query, std::optional<RequestId> after);

  // Does what the inputs ask for. After an error, which the disk had, nothing may be done with this
  // object any more: the process must stop, and recover from what is on the disk.
  base::Status finish_turn();

  const raft::Node& node() const { return node_; }
  const Config& config() const { return config_; }
  raft::LogIndex applied() const { return applied_; }
  const kv::Machine& machine() const { return machine_; }
  std::size_t waiting() const;

 private:
  struct Write {
    RequestId request;
    raft::EntryId entry;
  };
  struct Read {
    RequestId request;
    kv::Query query;
    std::optional<RequestId> after;
  };

  Replica(const Config& config, journal::Opened opened, Outlet& outlet);

  void step(const raft::Input& input);
  void propose();
  void ask_for_reads();
  void accept(const raft::Proposed& proposed);
  void apply(const raft::Entry& entry);
  void on_readable(const raft::Readable& readable);
  void answer_reads();
  void give_up_if_not_leading();
  base::Status sync();

  Config config_;
  Outlet& outlet_;
  journal::Journal journal_;
  raft::Node node_;
  kv::Machine machine_;
  raft::LogIndex applied_;

  // Of this turn.
  std::vector<RequestId> proposers_;
  std::vector<raft::Payload> proposals_;
  std::vector<Read> new_reads_;
  bool must_sync_ = false;
  std::deque<raft::Held<raft::Envelope>> held_;

  // Of earlier turns, too.
  raft::Term led_term_;       // The term that this server leads or led last.
  std::deque<Write> writes_;  // In the log and not applied, by index and by request.
  raft::ReadId last_read_id_;
  std::map<raft::ReadId, std::vector<Read>> asked_reads_;
  std::multimap<raft::LogIndex, Read> ready_reads_;  // Until that much is applied.
  std::size_t reads_waiting_ = 0;                    // In the two above.
};

}  // namespace replica
