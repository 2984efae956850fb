// SPDX-License-Identifier: Apache-2.0
// What clients asked and were told, as check/linear wants it. Each client waits for its answer or
// gives up; then the outcome is unknown, and it goes on as a new process. With a session, a write
// whose outcome is unknown stays open, and may be asked again; it is one operation all the same.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/history/operation.h"
#include "check/verdict/finding.h"
#include "kv/reply.h"
#include "replica/outlet.h"
#include "sim/action.h"

namespace sim {

// How a question ended, for who drives the client.
enum class Ending : std::uint8_t { Done, Mismatch, Refused, Overloaded, Unknown };

struct Answer {
  std::uint32_t client = 0;
  Ending ending = Ending::Unknown;
  Function function = Function::Read;
  bool waited = false;  // The answer came in a later action than the question.
};

class Clients {
 public:
  // Values that are written have at least `width` bytes.
  Clients(std::uint64_t count, bool sessions, std::uint64_t width)
      : clients_(count), sessions_(sessions), width_(width) {}

  bool waits(std::uint32_t client) const { return clients_[client - 1].waiting.has_value(); }
  // It has asked for something in its session that it does not know the outcome of.
  bool has_open(std::uint32_t client) const { return clients_[client - 1].open.has_value(); }
  bool has_session(std::uint32_t client) const { return clients_[client - 1].session != 0; }

  // Requires: the client does not wait. The name of the request for the server; `now` counts
  // actions.
  replica::RequestId ask(const Question& question, raft::NodeId node, std::uint64_t now);
  // What it has open once more. Requires: there is that.
  replica::RequestId retry(std::uint32_t client, raft::NodeId node);
  // The payload of what it asks now. Requires: it waits, and not for a read.
  raft::Payload payload(std::uint32_t client) const;
  // Of a request that is no client's.
  replica::RequestId next_request();
  // Nothing if nobody waits for it (any more).
  std::optional<Answer> answer(replica::RequestId id, const replica::Outcome& outcome,
                               std::uint64_t now);
  // The client will not learn the outcome.
  std::optional<Answer> give_up(std::uint32_t client);
  // All who wait for this server.
  void lose(raft::NodeId node, std::vector<Answer>& lost);

  // A request was answered that had been answered, or that was never asked.
  bool answered_twice() const { return answered_twice_; }
  // An answer that the question cannot have.
  const std::string& nonsense() const { return nonsense_; }
  // A state machine was given `entry`, which came through a session. What is wrong with that, if
  // anything is: it was applied before, or the client has given it up.
  std::string apply(const raft::Entry& entry);
  // At which index a command of a session was applied; 0: not yet.
  std::uint64_t applied_at(std::string_view command) const;

  const std::vector<check::history::Operation>& operations() const { return operations_; }
  std::uint64_t done() const { return done_; }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  struct Waiting {
    replica::RequestId request;
    raft::NodeId node;
    std::size_t operation = kNone;  // Open has none.
    Question question;
  };
  struct Open {
    std::size_t operation = 0;
    Question question;
    std::uint64_t tries = 1;
  };
  struct Client {
    std::optional<Waiting> waiting;
    std::uint64_t processes = 0;  // Times that it went on as a new one.
    std::uint64_t session = 0;
    std::uint64_t sequence = 0;  // Of its latest write in it.
    std::optional<Open> open;
  };
  struct Ticket {
    std::uint64_t session = 0;
    std::uint64_t sequence = 0;
    std::uint64_t applied = 0;  // The index.
  };

  raft::Payload command(const Question& question) const;  // Of a write.
  Answer finish(std::uint32_t client, Ending ending, std::uint64_t now);
  std::optional<Answer> not_done(std::uint32_t client, const replica::NotDone& outcome,
                                 std::uint64_t now);
  Answer done(std::uint32_t client, std::string_view answer, std::uint64_t now);
  Answer lose(std::uint32_t client);
  Ending settle(check::history::Operation& operation, const kv::Reply& reply);

  std::vector<Client> clients_;
  bool sessions_;
  std::uint64_t width_;
  std::map<std::string, Ticket, std::less<>> tickets_;     // By payload.
  std::map<std::uint64_t, std::uint64_t> latest_applied_;  // By session: its sequence.
  std::vector<bool> answered_;                             // By request.
  std::vector<check::history::Operation> operations_;
  std::uint64_t events_ = 0;
  std::uint64_t done_ = 0;
  bool answered_twice_ = false;
  std::string nonsense_;
};

// Keys from here on hold a text that only grows (Append); those below, one value.
inline constexpr std::uint32_t kFirstTextKey = 1000;
std::string key_name(std::uint32_t key);

// The opinion of check/linear on all that clients were told.
check::verdict::Finding judge_history(const std::vector<check::history::Operation>& operations);

}  // namespace sim
