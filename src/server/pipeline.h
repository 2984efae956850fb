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
#include <deque>
#include <optional>
#include <string>

#include "kv/command.h"
#include "raft/message.h"
#include "replica/outlet.h"
#include "resp/reply_writer.h"

namespace server {

// What a client wants of the state machine.
struct Ask {
  raft::Payload command;  // A write: the encoded kv::Command. Null for a read.
  kv::Query query;        // A read.
  bool is_write() const { return command != nullptr; }
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

  // The next request that may be sent to `node` now.
  std::optional<Ticket> next_for(raft::NodeId node) const;
  const Ask& ask(Ticket ticket) const { return slots_[ticket - front_].ask; }
  // It was sent: answered by exactly one resolve(), unless it expires before.
  void sent(Ticket ticket, raft::NodeId node, replica::RequestId as);
  // The latest write that was sent and may still be on its way.
  std::optional<replica::RequestId> last_write() const { return last_write_; }

  // Appends to `out` every reply whose turn it is. What comes after its expiry is ignored. Unknown,
  // for a read, is as good as NotDone.
  void resolve(Ticket ticket, const replica::Outcome& outcome, std::string& out);
  // Answers all that waited past its deadline; true if there was any.
  bool expire(Time now, std::string& out);

 private:
  enum class State : std::uint8_t { Unsent, Sent, Refused, Executed, Answered };
  struct Slot {
    Ask ask;
    resp::Version version = resp::Version::Two;
    State state = State::Unsent;
    Time deadline{0};
    std::string reply;
  };

  void answer(Slot& slot, State state, const kv::Reply& reply);
  void answer_error(Slot& slot, State state, const char* text);
  void leave_flight(const Slot& slot);
  void decide_refused();
  void drain(std::string& out);

  std::deque<Slot> slots_;
  Ticket front_ = 0;              // Of slots_.front().
  std::size_t first_unsent_ = 0;  // In slots_: all from here on are Unsent or Answered.
  std::size_t unsent_ = 0;
  std::size_t writes_sent_ = 0;
  std::size_t reads_sent_ = 0;
  std::size_t refused_ = 0;
  raft::NodeId target_;  // Of all that is under way.
  std::optional<replica::RequestId> last_write_;
};

// `reply` in the Redis protocol.
void write_reply(const kv::Reply& reply, resp::ReplyWriter& writer);

}  // namespace server
