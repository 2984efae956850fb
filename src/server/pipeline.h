// SPDX-License-Identifier: Apache-2.0
// The requests of one client that are not answered yet, in order, and when the next may be sent.
//
// A client may send many commands without waiting. They take effect in order, and replies leave in
// order; still as many as possible are under way together:
//
//   - a write may follow writes, a read may follow writes (it is told which, Replica::read) and
//     reads: whoever executes them keeps their order;
//   - a write waits for the reads before it: they must not see it;
//   - all that is under way is under way to one node; when the leader changes, the rest waits until
//     the old one answered, so that nothing overtakes;
//   - what a node refused, certainly not done, is sent again while nothing after it took effect.
//
// What may have reached a node as a write is never sent again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/ring.h"
#include "kv/command.h"
#include "kv/reply.h"
#include "raft/message.h"
#include "replica/outlet.h"
#include "resp/reply_writer.h"
#include "server/admin.h"

namespace server {

// What a client wants of the state machine.
struct Ask {
  raft::Payload command;  // A write: the encoded kv::Command. Null for a read.
  std::string query;      // A read: the encoded kv::Query.
  std::shared_ptr<const AdminRequest> admin{};  // An operator's wish, for this very node.
  bool is_write() const { return command != nullptr || admin != nullptr; }
  std::size_t size_bytes() const {
    return query.size() + (command == nullptr ? 0 : command->size());
  }
};

// What came of requests that were not done, as their client was told.
struct Failures {
  struct OfAKind {
    std::uint64_t not_done = 0;
    std::uint64_t unknown = 0;
    friend bool operator==(const OfAKind&, const OfAKind&) = default;
  };
  OfAKind writes;
  OfAKind reads;
  friend bool operator==(const Failures&, const Failures&) = default;
};

class Pipeline {
 public:
  using Time = std::chrono::nanoseconds;
  // Names one request of this client for as long as it waits.
  using Ticket = std::uint64_t;

  // A request that was answered on the spot; its reply takes its place in the order.
  void add_answered(std::string reply, std::string& out);
  void add(Ask ask, resp::Version version, Time deadline);

  std::size_t size() const { return slots_.size(); }
  bool has_unsent() const { return unsent_ > 0; }

  // The next unsent request, if any, is for this very node.
  bool is_next_for_this_node() const;
  bool is_next_a_read() const;
  // The next request that may be sent to `node` now.
  std::optional<Ticket> next_for(raft::NodeId node) const;
  const Ask& ask(Ticket ticket) const { return slots_[ticket - front_].ask; }
  // When the request has to be answered if it is not held up; nothing: it has been.
  std::optional<Time> deadline(Ticket ticket) const;
  // It was sent: answered by exactly one resolve(), unless it expires before.
  // Its answer may have about `awaited_bytes`.
  void sent(Ticket ticket, raft::NodeId node, replica::RequestId as, std::size_t awaited_bytes = 0);
  // The latest write that was sent and may still be on its way.
  std::optional<replica::RequestId> last_write() const { return last_write_; }

  // Appends to `out` every reply whose turn it is. What comes after its expiry is ignored. Unknown,
  // for a read, is as good as NotDone.
  void resolve(Ticket ticket, const replica::Outcome& outcome, std::string& out);
  // Answers all that waited past its deadline; true if there was any.
  bool expire(Time now, std::string& out);
  // What was not sent yet has until then, whatever its deadline: it is held up by others before it.
  void grant(Time until) { granted_ = until; }
  // Something was done since the last call.
  bool take_progress() { return std::exchange(progress_, false); }
  // What failed since the last call; an operator's wishes do not count.
  Failures take_failures() { return std::exchange(failures_, {}); }
  // Of requests that are not answered, as they go into the log or to the state machine.
  std::size_t asked_bytes() const { return asked_bytes_; }
  // Of replies that wait for those before them.
  std::size_t kept_bytes() const { return kept_bytes_; }
  // Of answers to what is under way, about.
  std::size_t awaited_bytes() const { return awaited_bytes_; }
  bool is_under_way() const { return writes_sent_ + reads_sent_ > 0; }
  // Frees what a pipeline that is empty now needed once.
  void tidy();

 private:
  const Ask* find_next() const;  // The next unsent request, if any.

  enum class State : std::uint8_t { Unsent, Sent, Refused, Executed, Answered };
  struct Slot {
    Ask ask;
    resp::Version version = resp::Version::Two;
    State state = State::Unsent;
    Time deadline{0};
    Time expires{0};  // Once it was sent: the deadline, or what was granted.
    std::size_t awaited_bytes = 0;
    std::string reply;
  };

  Slot& push();
  // Where the reply of the slot at `at` is written: to `out` if it is its turn.
  std::string& place_of(std::size_t at, std::string& out);
  Time expiry(const Slot& slot) const;
  void close(Slot& slot, State state);
  void answer_error(Slot& slot, State state, const char* text, std::string& out);
  void leave_flight(const Slot& slot);
  void decide_refused(std::string& out);
  void drain(std::string& out);

  base::Ring<Slot> slots_;
  Ticket front_ = 0;              // Of slots_[0].
  std::size_t first_unsent_ = 0;  // In slots_: all from here on are Unsent or Answered.
  std::size_t unsent_ = 0;
  std::size_t writes_sent_ = 0;
  std::size_t reads_sent_ = 0;
  std::size_t refused_ = 0;
  std::size_t asked_bytes_ = 0;
  std::size_t kept_bytes_ = 0;
  std::size_t awaited_bytes_ = 0;
  Failures failures_;
  Time granted_{0};
  bool progress_ = false;
  raft::NodeId target_;  // Of all that is under way.
  std::optional<replica::RequestId> last_write_;
};

// `reply` in the Redis protocol.
void write_reply(const kv::Reply& reply, resp::ReplyWriter& writer);

}  // namespace server
