// SPDX-License-Identifier: Apache-2.0
// Every server state, message and history that was met, once, with a number; and every step that
// was made, once, with its result.
//
// A cluster's state is a few of these numbers. Clusters are many, but they are made of few parts,
// and the core is a function: so it runs once for each (server state, input), however many clusters
// take that step, and exploring is looking up numbers.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "explore/fingerprint.h"
#include "explore/id_table.h"

namespace explore {

enum class ServerId : std::uint32_t {};
enum class FlightId : std::uint32_t {};
enum class HistoryId : std::uint32_t {};
enum class FactsId : std::uint32_t { None = 0 };

// Values of one kind, each once, numbered from 0, with a fingerprint for each renaming.
template <class Value, class Id>
class Collection {
 public:
  explicit Collection(const Renamings& renamings) : renamings_(&renamings) {}

  Id find_or_add(const Value& value) {
    const std::uint64_t key = fingerprint(value, (*renamings_)[0]);
    if (const std::uint32_t* id = ids_.find(key)) return Id{*id};
    const auto id = static_cast<std::uint32_t>(values_.size());
    ids_.add(key, id);
    values_.push_back(value);
    prints_.push_back(key);
    for (std::size_t i = 1; i < renamings_->size(); ++i) {
      prints_.push_back(fingerprint(value, (*renamings_)[i]));
    }
    return Id{id};
  }

  std::size_t size() const { return values_.size(); }
  const Value& operator[](Id id) const { return values_[static_cast<std::size_t>(id)]; }
  // One for each renaming.
  const std::uint64_t* prints(Id id) const {
    return &prints_[static_cast<std::size_t>(id) * renamings_->size()];
  }

 private:
  const Renamings* renamings_;
  IdTable ids_;
  std::deque<Value> values_;
  std::vector<std::uint64_t> prints_;
};

struct Input {
  enum class Kind : std::uint8_t { TimeOut, Ask, Heartbeat, Receive, Propose, Sync, Crash };
  Kind kind;
  std::uint32_t operand = 0;  // Ask, Receive: the FlightId; Propose: which; Crash: records kept.
};

struct Transition {
  ServerId to;
  FactsId facts = FactsId::None;
  std::uint32_t first = 0;  // Where sent() and asked() begin.
  std::uint16_t sent = 0;
  std::uint16_t asked = 0;
  std::uint32_t violation = 0;  // Its number and 1.
  bool acts = false;            // Changes the server or sends something.
  bool appended = false;
  bool grants = false;  // Ask.
};

class Catalogue {
 public:
  Catalogue(const Bounds& bounds, const Renamings& renamings);

  ServerId initial_server(raft::NodeId id) const { return initial_[id.value - 1]; }
  HistoryId empty_history() const { return empty_history_; }

  const Server& operator[](ServerId id) const { return servers_[id]; }
  const Flight& operator[](FlightId id) const { return flights_[id]; }
  const History& operator[](HistoryId id) const { return histories_[id]; }
  const Facts& operator[](FactsId id) const { return facts_[id]; }
  const std::uint64_t* prints(ServerId id) const { return servers_.prints(id); }
  const std::uint64_t* prints(FlightId id) const { return flights_.prints(id); }
  const std::uint64_t* prints(HistoryId id) const { return histories_.prints(id); }
  // The position of the server that `id` goes to.
  std::size_t receiver(FlightId id) const { return receivers_[static_cast<std::size_t>(id)]; }

  std::uint64_t term(FlightId id) const { return terms_[static_cast<std::size_t>(id)]; }

  // Valid until the next call.
  const Transition& transition(ServerId from, Input input);
  std::span<const FlightId> sent(const Transition& transition) const {
    return std::span(flight_lists_).subspan(transition.first, transition.sent);
  }
  std::span<const FlightId> asked(const Transition& transition) const {
    return std::span(flight_lists_).subspan(transition.first + transition.sent, transition.asked);
  }
  const Violation& violation(const Transition& transition) const {
    return violations_[transition.violation - 1];
  }

  // `history` and what `facts` add to it. Nothing: they do not go together.
  std::optional<HistoryId> extended(HistoryId history, FactsId facts);

  // The numbers here for what has the numbers 0, 1, ... in another catalogue.
  struct Translation {
    std::vector<ServerId> servers;
    std::vector<FlightId> flights;
    std::vector<HistoryId> histories;
  };
  // Extends `translation` to all that `other` has.
  void adopt(const Catalogue& other, Translation& translation);

  std::size_t servers() const { return servers_.size(); }
  std::size_t flights() const { return flights_.size(); }
  std::uint64_t steps() const { return transitions_.size(); }

  std::uint64_t bytes() const;

 private:
  FlightId find_or_add(const Flight& flight);
  Transition make(ServerId from, Input input);
  void run(Server& server, Input input, Outcome& out) const;
  std::string describe(const Server& server, Input input) const;

  Collection<Server, ServerId> servers_;
  Collection<Flight, FlightId> flights_;
  Collection<History, HistoryId> histories_;
  Collection<Facts, FactsId> facts_;
  std::vector<ServerId> initial_;
  HistoryId empty_history_{};
  std::vector<std::uint64_t> terms_;     // By FlightId; so is the next.
  std::vector<std::uint8_t> receivers_;  // By FlightId.
  std::vector<raft::Payload> commands_;  // Of clients, in the order they are proposed.
  IdTable step_ids_;                     // (ServerId, Input) to a position in transitions_.
  std::vector<Transition> transitions_;
  std::vector<FlightId> flight_lists_;
  std::vector<Violation> violations_;
  IdTable extension_ids_;  // (HistoryId, FactsId) to a position in extensions_.
  std::vector<std::optional<HistoryId>> extensions_;
};

}  // namespace explore
