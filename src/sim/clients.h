// SPDX-License-Identifier: Apache-2.0
// What clients asked and were told, as check/linear wants it. Each client waits for its answer or
// gives up; then the outcome is unknown, and it goes on as a new process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/history/operation.h"
#include "check/verdict/finding.h"
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
  explicit Clients(std::uint64_t count) : waiting_(count) {}

  bool waits(std::uint32_t client) const { return waiting_[client - 1].has_value(); }

  // Requires: the client does not wait. The name of the request for the server; `now` counts
  // actions.
  replica::RequestId ask(const Question& question, raft::NodeId node, std::uint64_t now);
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

  const std::vector<check::history::Operation>& operations() const { return operations_; }
  std::uint64_t done() const { return done_; }

 private:
  struct Waiting {
    replica::RequestId request;
    raft::NodeId node;
    std::size_t operation = 0;
    Function function = Function::Read;
  };

  Ending settle(check::history::Operation& operation, const kv::Reply& reply);

  std::vector<std::optional<Waiting>> waiting_;
  std::vector<std::uint64_t> processes_;  // Times that the client went on as a new one.
  std::vector<bool> answered_;            // By request.
  std::vector<check::history::Operation> operations_;
  std::uint64_t events_ = 0;
  std::uint64_t done_ = 0;
  bool answered_twice_ = false;
  std::string nonsense_;
};

// Keys from here on hold a text that only grows (Append); those below, one value.
inline constexpr std::uint32_t kFirstTextKey = 1000;
std::string key_name(std::uint32_t key);

// The payload of a write.
raft::Payload command(const Question& question);

// The opinion of check/linear on all that clients were told.
check::verdict::Finding judge_history(const std::vector<check::history::Operation>& operations);

}  // namespace sim
