// SPDX-License-Identifier: Apache-2.0
#include "explore/trace.h"

#include <utility>

#include "base/check.h"
#include "raft/describe.h"

namespace explore {

namespace {

std::string name(raft::NodeId id) { return "n" + std::to_string(id.value); }

std::string describe(const Flight& flight) {
  return name(flight.from) + " -> " + name(flight.to) + " " + raft::describe(flight.message);
}

class Teller {
 public:
  explicit Teller(const Bounds& bounds) : bounds_(bounds) {
    for (std::uint32_t id = 1; id <= bounds.nodes; ++id) {
      servers_.emplace_back(Server::make_config(bounds.nodes, {id}), bounds.disks);
    }
  }

  void tell(Action action);
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  void tell_flight(Action action);
  void finish(const Server& server, const raft::Node& before, const Outcome& out);
  Flight take_flight(Action action);

  Bounds bounds_;
  std::vector<Server> servers_;
  std::vector<Flight> flights_;
  std::uint32_t proposals_ = 0;
  std::vector<std::string> lines_;
};

Flight Teller::take_flight(Action action) {
  CHECK(action.operand < flights_.size(), unsigned{action.operand}, flights_.size());
  const auto at = flights_.begin() + action.operand;
  Flight flight = *at;
  if (action.kind != Action::Kind::DeliverCopy) flights_.erase(at);
  return flight;
}

void Teller::tell_flight(Action action) {
  const Flight flight = take_flight(action);
  if (action.kind == Action::Kind::Lose) {
    lines_.push_back("lose " + describe(flight));
    return;
  }
  const std::string copy = action.kind == Action::Kind::DeliverCopy ? "a copy of " : "";
  lines_.push_back("deliver " + copy + describe(flight));
  Server& server = servers_[flight.to.value - 1];
  const raft::Node before = server.node();
  Outcome out;
  server.receive(flight, out);
  finish(server, before, out);
}

void Teller::tell(Action action) {
  if (action.kind >= Action::Kind::Deliver) return tell_flight(action);
  Server& server = servers_[action.operand % kMaxServers];
  const raft::Node before = server.node();
  const std::string who = name(before.id());
  Outcome out;
  switch (action.kind) {
    case Action::Kind::TimeOut:
      lines_.push_back(who + " times out");
      server.time_out(out);
      break;
    case Action::Kind::Heartbeat:
      lines_.push_back(who + " sends its heartbeat");
      server.heartbeat(out);
      break;
    case Action::Kind::Propose:
      proposals_ += 1;
      lines_.push_back("a client proposes c" + std::to_string(proposals_) + " to " + who);
      server.propose(std::make_shared<const std::string>("c" + std::to_string(proposals_)), out);
      break;
    case Action::Kind::Sync:
      lines_.push_back("a sync of " + who + " ends");
      server.sync(out);
      break;
    case Action::Kind::Crash: {
      const std::size_t kept = action.operand / kMaxServers;
      const std::size_t lost = server.unsynced().size() - kept;
      lines_.push_back(who + " crashes, loses " + std::to_string(lost) +
                       " unsynced records, and starts again");
      server.crash(kept);
      break;
    }
    case Action::Kind::Deliver:
    case Action::Kind::DeliverCopy:
    case Action::Kind::Lose:
      CHECK(false);
  }
  finish(server, before, out);
}

void Teller::finish(const Server& server, const raft::Node& before, const Outcome& out) {
  const raft::Node& after = server.node();
  if (after.role() != before.role() || after.term() != before.term()) {
    lines_.push_back("    " + name(after.id()) + " is " + raft::describe(after.role()) +
                     " of term " + std::to_string(after.term().value()));
  }
  for (const raft::Entry& entry : out.applied) {
    lines_.push_back("    " + name(after.id()) + " applies " + raft::describe(entry));
  }
  for (const Flight& flight : out.sent) {
    lines_.push_back("    " + describe(flight));
    flights_.push_back(flight);
  }
  lose_lowest(bounds_, flights_);
}

}  // namespace

std::vector<std::string> tell(const Bounds& bounds, std::span<const Action> actions) {
  Teller teller(bounds);
  for (const Action action : actions) teller.tell(action);
  return teller.take();
}

}  // namespace explore
