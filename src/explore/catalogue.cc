// SPDX-License-Identifier: Apache-2.0
#include "explore/catalogue.h"

#include <utility>

#include "base/check.h"
#include "explore/digest.h"
#include "raft/describe.h"

namespace explore {

namespace {

// What a server state weighs, measured: a Node's containers each hold a block.
constexpr std::uint64_t kServerBytes = std::uint64_t{6} * 1024;
constexpr std::uint64_t kFlightBytes = 256;

std::uint64_t number(ServerId id) { return static_cast<std::uint64_t>(id); }

// A bijection, so equal keys are equal steps.
std::uint64_t key_of(ServerId from, Input input) {
  CHECK(input.operand < (1U << 28), input.operand);
  return mixed(number(from) << 32 | static_cast<std::uint64_t>(input.kind) << 28 | input.operand);
}

}  // namespace

Catalogue::Catalogue(const Bounds& bounds, const Renamings& renamings)
    : servers_(renamings), flights_(renamings), histories_(renamings), facts_(renamings) {
  for (std::uint32_t id = 1; id <= bounds.nodes; ++id) {
    const raft::Config config = Server::make_config(bounds.nodes, {id});
    initial_.push_back(servers_.find_or_add(Server(config, bounds.disks)));
  }
  for (std::uint32_t i = 0; i < bounds.budget.proposals; ++i) {
    commands_.push_back(std::make_shared<const std::string>("c" + std::to_string(i + 1)));
  }
  empty_history_ = histories_.find_or_add(History());
  const FactsId none = facts_.find_or_add(Facts{{1}, {}, false, {}});
  CHECK(none == FactsId::None);
}

FlightId Catalogue::find_or_add(const Flight& flight) {
  const FlightId id = flights_.find_or_add(flight);
  if (flights_.size() > receivers_.size()) {
    terms_.push_back(term_of(flight).value());
    receivers_.push_back(static_cast<std::uint8_t>(flight.to.value - 1));
  }
  return id;
}

const Transition& Catalogue::transition(ServerId from, Input input) {
  const std::uint64_t key = key_of(from, input);
  if (const std::uint32_t* known = step_ids_.find(key)) return transitions_[*known];
  const Transition made = make(from, input);
  step_ids_.add(key, static_cast<std::uint32_t>(transitions_.size()));
  transitions_.push_back(made);
  return transitions_.back();
}

Transition Catalogue::make(ServerId from, Input input) {
  const base::CheckContext context(describe(servers_[from], input));
  Transition made{from};
  if (input.kind == Input::Kind::Ask) {
    made.grants = servers_[from].grants(flights_[FlightId{input.operand}]);
    return made;
  }
  Server server = servers_[from];
  Outcome out;
  run(server, input, out);
  if (out.violation) {
    made.acts = true;
    violations_.push_back(*out.violation);
    made.violation = static_cast<std::uint32_t>(violations_.size());
    return made;
  }
  made.to = servers_.find_or_add(server);
  made.acts = made.to != from || !out.sent.empty();
  made.appended = out.appended;
  made.first = static_cast<std::uint32_t>(flight_lists_.size());
  made.sent = static_cast<std::uint16_t>(out.sent.size());
  made.asked = static_cast<std::uint16_t>(out.asked.size());
  for (const Flight& flight : out.sent) flight_lists_.push_back(find_or_add(flight));
  for (const Flight& flight : out.asked) flight_lists_.push_back(find_or_add(flight));
  Facts facts{server.node().id(), server.node().term(), out.leads_anew, std::move(out.applied)};
  if (facts.any()) made.facts = facts_.find_or_add(facts);
  return made;
}

void Catalogue::run(Server& server, Input input, Outcome& out) const {
  switch (input.kind) {
    case Input::Kind::TimeOut:
      return server.time_out(out);
    case Input::Kind::Heartbeat:
      return server.heartbeat(out);
    case Input::Kind::Receive:
      return server.receive(flights_[FlightId{input.operand}], out);
    case Input::Kind::Propose:
      return server.propose(commands_[input.operand], out);
    case Input::Kind::Sync:
      return server.sync(out);
    case Input::Kind::Crash:
      return server.crash(input.operand);
    case Input::Kind::Ask:
      break;
  }
  CHECK(false);
}

std::string Catalogue::describe(const Server& server, Input input) const {
  const raft::Node& node = server.node();
  std::string text =
      "explored: n" + std::to_string(node.id().value) + ", " + raft::describe(node.role()) + ", " +
      raft::describe(raft::HardState{node.term(), node.vote()}) +
      " last=" + raft::describe(node.last()) + " commit=" + std::to_string(node.commit().value()) +
      ", input kind " + std::to_string(static_cast<unsigned>(input.kind));
  if (input.kind == Input::Kind::Receive) {
    const Flight& flight = flights_[FlightId{input.operand}];
    text += " from n" + std::to_string(flight.from.value) + " " + raft::describe(flight.message);
  }
  return text;
}

std::optional<HistoryId> Catalogue::extended(HistoryId history, FactsId facts) {
  const std::uint64_t key =
      mixed(static_cast<std::uint64_t>(history) << 32 | static_cast<std::uint64_t>(facts));
  if (const std::uint32_t* known = extension_ids_.find(key)) return extensions_[*known];
  History longer = histories_[history];
  std::optional<HistoryId> result;
  if (!longer.add(facts_[facts])) result = histories_.find_or_add(longer);
  extension_ids_.add(key, static_cast<std::uint32_t>(extensions_.size()));
  extensions_.push_back(result);
  return result;
}

void Catalogue::adopt(const Catalogue& other, Translation& translation) {
  for (std::size_t i = translation.servers.size(); i < other.servers_.size(); ++i) {
    const ServerId id{static_cast<std::uint32_t>(i)};
    translation.servers.push_back(servers_.find_or_add(other.servers_[id]));
  }
  for (std::size_t i = translation.flights.size(); i < other.flights_.size(); ++i) {
    const FlightId id{static_cast<std::uint32_t>(i)};
    translation.flights.push_back(find_or_add(other.flights_[id]));
  }
  for (std::size_t i = translation.histories.size(); i < other.histories_.size(); ++i) {
    const HistoryId id{static_cast<std::uint32_t>(i)};
    translation.histories.push_back(histories_.find_or_add(other.histories_[id]));
  }
}

std::uint64_t Catalogue::bytes() const {
  return servers_.size() * kServerBytes + flights_.size() * kFlightBytes +
         transitions_.size() * sizeof(Transition) + step_ids_.bytes();
}

}  // namespace explore
