// SPDX-License-Identifier: Apache-2.0
// One connection between two nodes, as two: with the client in the server's name, with the server
// in the client's.
//
//   client ==== leg Client --read--> streams_[Client] --write--> leg Server ==== server
//                          <--write- streams_[Server] <--read---
//
//   Asking    the client's SYN waits; the server is being asked
//   Joining   the server accepted; the client's SYN was passed on, its connection is on the way
//   Open      both legs stand; bytes, ends and resets of each are handed to the other, in order
//   Over      nothing left; to be forgotten
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "check/monitor/conversation.h"
#include "check/monitor/endpoint.h"
#include "check/monitor/event_log.h"
#include "check/monitor/link_table.h"
#include "check/monitor/loop.h"
#include "check/monitor/stream.h"
#include "check/monitor/syn_gate.h"
#include "check/monitor/traffic_log.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

// What all connections share. Lives longer than they do.
struct RelayContext {
  Loop& loop;
  LinkTable& links;
  EventLog& events;
  SynGate& gate;
  TrafficLog* traffic = nullptr;       // None is wanted.
  MessageContext* messages = nullptr;  // Nothing is understood.
  std::vector<char> scratch;           // Where chunks are read to.
  // Calls wake(connection number) at a time.
  std::function<void(std::uint64_t due_ns, std::uint64_t number)> wake_at;
  // The connection is Over.
  std::function<void(const Flow&)> forget;
};

class Connection {
 public:
  enum class State : std::uint8_t { Asking, Joining, Open, Over };
  enum Side : std::uint8_t { Client = 0, Server = 1 };

  // Does nothing before the first wake(). Requires: both ends are nodes.
  Connection(RelayContext& context, std::uint64_t number, const SynGate::Syn& syn);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  std::uint64_t number() const { return number_; }
  State state() const { return state_; }
  const Link& forth() const { return *links_[Client]; }
  const Link& back() const { return *links_[Server]; }

  // A time asked for by wake_at has come, or a link was released: goes on with what is possible.
  void wake();
  // The client's half has come. Requires: Joining.
  void join(sandbox::Fd client);
  // Tears both halves down: both ends see a reset.
  void reset();
  // Of a message of this connection.
  void settle(std::uint64_t ticket, Settled settled);
  // What the kernel has counted on the open legs, and what waits here, added to each link's.
  void add_kernel_counts(std::map<DirectedPair, StreamCount>& counts) const;

 private:
  struct Leg : Loop::Handler {
    void on_ready(std::uint32_t events) override { connection->on_leg(side, events); }
    Connection* connection = nullptr;
    Side side = Client;
    sandbox::Fd fd;
    std::optional<std::uint32_t> watched;  // The events asked for; none: not watched at all.
    int failure = 0;                       // errno of a failed write: its peer is gone.
    bool blocked = false;                  // Its peer takes no more for now.
  };

  static Side other(Side side) { return side == Client ? Server : Client; }
  static wire::Direction direction_of(Side side) {
    return side == Client ? wire::Direction::FromDialer : wire::Direction::FromAcceptor;
  }
  void ask();
  void on_asked();
  void wake_asking();
  void pass();
  void give_up();
  void on_leg(Side side, std::uint32_t events);
  void read(Side side);
  void admit(Side side, std::span<const char> chunk);
  void emit(Side side, std::span<const char> bytes);
  std::size_t write(Side from, std::span<const char> bytes);
  void flush(Side side);
  void deliver_end(Side side, Stream::End end);
  void mark_end(Side side, int error);
  void end_stream(Side side, int error);
  bool has_ended(Side side) const;
  bool ended_in_order(Side side) const;
  bool acts() const { return talk_ != nullptr && context_.messages->act; }
  void wake_talk();
  void carry_out();
  void close_to_both();
  void on_broken(Leg& leg);
  void watch(Leg& leg);
  void unwatch(Leg& leg);
  void update();
  void finish(ConnectionChange change);
  void over();
  void close_leg(Leg& leg);
  bool wants_input(Side side) const;
  void note(ConnectionChange change);
  void log(Side from, std::uint8_t flags, std::span<const char> payload);
  void wake_at(std::uint64_t due_ns) const;

  RelayContext& context_;
  const std::uint64_t number_;
  const Flow flow_;
  const std::uint32_t packet_;  // Of the SYN that waits.
  State state_ = State::Asking;
  std::uint64_t ask_at_ns_ = 0;     // Asking: when the SYN is to go on to the server.
  std::uint64_t asked_ns_ = 0;      // When it went on to the server.
  std::uint64_t answer_at_ns_ = 0;  // Asking: when the server's answer is to go on to the client.
  std::optional<int> answer_;       // Asking: what the server said, as errno of connect.
  std::uint64_t deadline_ns_ = 0;   // Asking, Joining.
  std::array<Link*, 2> links_;
  std::array<Leg, 2> legs_;
  std::array<Stream, 2> streams_;
  std::array<std::uint64_t, 2> timer_ns_{};   // When each stream has asked to be woken.
  std::array<std::uint32_t, 2> sequence_{};   // In the traffic log.
  std::array<std::uint64_t, 2> read_{};       // Bytes of each stream.
  std::array<bool, 2> finished_{};            // The stream's Fin was handed on.
  std::unique_ptr<Conversation> talk_;        // Null: the connection is not understood.
  std::array<std::optional<int>, 2> ends_{};  // Waits for `talk_`: how a stream ended, as errno.
  std::uint64_t talk_timer_ns_ = 0;           // When `talk_` has asked to be woken.
};

}  // namespace check::monitor
