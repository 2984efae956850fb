// SPDX-License-Identifier: Apache-2.0
// One server of a Raft cluster, inside your program.
//
//   MyMachine machine;                // state_machine.h
//   seaworthy::Options options;       // id, members, folder
//   seaworthy::Error error;
//   auto server = seaworthy::Server::open(options, machine, error);
//   if (server == nullptr) ...        // error.message
//   seaworthy::Outcome outcome = server->write("add 5").get();
//
// It has one thread, on which it calls your machine and your callbacks. Everything below may be
// called from any thread, callbacks included; but wait for a future on another thread only. The
// callback of a refusal may run on the thread that asks, before write() or read() returns, when the
// server has ended or refuses faster than its thread can tell: it must not ask again from inside.
// Requests may come to any member: one that does not lead passes them on. A write is sent again
// until it is decided, and takes effect once, however often it was sent. Writes that are under way
// at the same time may take effect in any order; a read sees all that was answered before it began.
//
// Stability: stable, but for what is marked: may change.
#pragma once

#include <seaworthy/raft/options.h>
#include <seaworthy/raft/outcome.h>
#include <seaworthy/raft/state_machine.h>
#include <seaworthy/raft/status.h>

#include <cstdint>
#include <future>
#include <memory>
#include <string>

namespace seaworthy {
inline namespace v0 {

class Server {
 public:
  // The longest command, query or answer in bytes; what is longer is Refused. Over UDP a command
  // must also fit a datagram.
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20U;

  // Recovers what the folder holds into `machine`, which must be as it was made and outlive the
  // server, binds the address of member `options.id`, and begins. Null: see `error`.
  static std::unique_ptr<Server> open(const Options& options, StateMachine& machine, Error& error);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Ends at once, as a crash would, which does no harm; what waited is answered first. To hand
  // leadership over before, call transfer(). Not to be called on the server's own thread.
  ~Server();

  void write(std::string command, Callback callback);
  void read(std::string query, Callback callback);
  std::future<Outcome> write(std::string command);
  std::future<Outcome> read(std::string query);

  Status status() const;

  // ---- May change with the minor version. Refused unless this server leads, then or meanwhile.
  // Makes `target` the members (joint consensus). One who is new should have been a learner before.
  void change_membership(const Membership& target, const Callback& callback);
  // Hands leadership to a voter, 0: to one that is ready.
  void transfer(std::uint32_t to, const Callback& callback);
  // Writes a snapshot now, of this server's state; any server can.
  void take_snapshot(const Callback& callback);

 private:
  class Inner;
  explicit Server(std::unique_ptr<Inner> inner);
  std::unique_ptr<Inner> inner_;
};

}  // namespace v0
}  // namespace seaworthy
