// SPDX-License-Identifier: Apache-2.0
#include "explore/brute_force.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "explore/history.h"
#include "raft/describe.h"

namespace explore {

namespace {

using Names = std::vector<std::uint32_t>;  // names[i]: what server i + 1 is called.

struct World {
  std::vector<Server> servers;
  std::vector<Flight> flights;
  History history;
  Budget left;
};

std::string name(raft::NodeId id, const Names& names) {
  return "n" + std::to_string(names[id.value - 1]);
}

std::string text(const std::optional<raft::NodeId>& id, const Names& names) {
  return id ? name(*id, names) : "nobody";
}

std::string text(const raft::HardState& state, const Names& names) {
  return std::to_string(state.term.value()) + " for " + text(state.vote, names);
}

std::string text(const raft::Message& message) {
  std::string text = raft::describe(message);
  if (const auto* append = std::get_if<raft::AppendEntries>(&message)) {
    for (const raft::Entry& entry : append->entries) text += " " + raft::describe(entry);
  }
  return text;
}

std::string text(const raft::Progress& progress) {
  std::string text = progress.mode() == raft::Progress::Mode::Probe ? " probe" : " pipeline";
  text += progress.may_send() ? " free" : " shut";
  text += " " + std::to_string(progress.match().value()) + "<" +
          std::to_string(progress.next().value());
  for (const raft::Progress::Sent& sent : progress.unanswered()) {
    text += " " + std::to_string(sent.last.value());
  }
  return text;
}

// Lines of a set or a multiset: their order says nothing.
std::string text(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string text(const Server& server, const Names& names) {
  const raft::Node& node = server.node();
  const raft::StepNumber durable = node.durable_step();
  const auto behind = [durable](raft::StepNumber step) {
    return std::to_string(step <= durable ? 0 : step.since(durable));
  };
  std::string all = name(node.id(), names) + " " + raft::describe(node.role()) + " " +
                    text({node.term(), node.vote()}, names) + " saved " +
                    behind(node.hard_state_step()) + " led by " + text(node.leader(), names) +
                    " commit " + std::to_string(node.commit().value()) + " persisted " +
                    std::to_string(node.log().persisted().value()) + " log";
  for (raft::LogIndex i(1); i <= node.last().index; i = i.next()) {
    all += " " + raft::describe(node.log().at(i)) + "@" + behind(node.log().step_of(i));
  }
  std::vector<std::string> peers;
  for (const raft::NodeId voter : node.quorum().voters()) {
    std::string peer = name(voter, names);
    if (node.find_votes() != nullptr && node.find_votes()->granted(voter)) peer += " yes";
    if (node.find_leadership() != nullptr && voter != node.id()) {
      peer += text(node.find_leadership()->progress(voter));
    }
    peers.push_back(peer);
  }
  all += "\n" + text(peers) + "disk " + text(server.hard_state(), names);
  for (const raft::Entry& entry : server.log()) all += " " + raft::describe(entry);
  for (const Server::Record& record : server.unsynced()) {
    all += "\nunsynced " + behind(record.step);
    if (record.save) all += " " + text(*record.save, names);
    if (record.truncate_from) all += " cut " + std::to_string(record.truncate_from->value());
    for (const raft::Entry& entry : record.append) all += " " + raft::describe(entry);
  }
  std::vector<std::string> waiting;
  for (const Server::Waiting& held : server.waiting()) {
    const raft::Envelope& envelope = Server::open(held);
    waiting.push_back("held " + behind(held.held.step()) + " " + name(envelope.to, names) + " " +
                      text(envelope.message) + " " + raft::describe(held.vouched));
  }
  all += "\n" + text(waiting);
  if (server.ballot()) {
    all += "ballot " + std::to_string(server.ballot()->term.value()) + " " +
           name(server.ballot()->candidate, names);
  }
  return all;
}

std::string text(const World& world, const Names& names) {
  std::vector<std::string> lines;
  for (const Server& server : world.servers) lines.push_back(text(server, names));
  for (const Flight& flight : world.flights) {
    lines.push_back("flight " + name(flight.from, names) + " " + name(flight.to, names) + " " +
                    text(flight.message));
  }
  for (const auto& [term, leader] : world.history.leaders) {
    lines.push_back("leader " + std::to_string(term.value()) + " " + name(leader, names));
  }
  for (const History::Agreed& agreed : world.history.agreed) {
    lines.push_back("agreed " + raft::describe(agreed.entry) + " " +
                    std::to_string(agreed.committed_in.value()));
  }
  const Budget& left = world.left;
  std::string budget = "left";
  for (const std::uint8_t number : {left.timeouts, left.heartbeats, left.proposals, left.crashes,
                                    left.losses, left.duplicates}) {
    budget += " " + std::to_string(number);
  }
  lines.push_back(budget);
  return text(lines);
}

// The least text over all renamings, or the plain one.
std::string key(const World& world, bool symmetry) {
  Names names(world.servers.size());
  std::iota(names.begin(), names.end(), 1U);
  std::string least = text(world, names);
  while (symmetry && std::ranges::next_permutation(names).found) {
    least = std::min(least, text(world, names));
  }
  return least;
}

class BruteForce {
 public:
  explicit BruteForce(const Bounds& bounds) : bounds_(bounds) {}

  std::vector<std::uint64_t> count() {
    World empty;
    empty.left = bounds_.budget;
    for (std::uint32_t id = 1; id <= bounds_.nodes; ++id) {
      empty.servers.emplace_back(Server::make_config(bounds_.nodes, {id}), bounds_.disks);
    }
    std::vector<std::uint64_t> counts;
    add(empty);
    while (counts.size() <= bounds_.depth) {
      counts.push_back(next_.size());
      for (const World& world : std::exchange(next_, {})) expand(world);
    }
    return counts;
  }

 private:
  using Act = std::function<void(Server&, Outcome&)>;

  void add(const World& world) {
    if (seen_.insert(key(world, bounds_.symmetry)).second) next_.push_back(world);
  }

  // Takes `act` at `server` and adds what comes of it, unless nothing does.
  void take(World world, std::size_t server, const Act& act) {
    Outcome out;
    const Names names = {1, 2, 3, 4, 5};
    const std::string before = text(world.servers[server], names);
    act(world.servers[server], out);
    CHECK(!out.violation);
    if (out.sent.empty() && text(world.servers[server], names) == before) return;
    const raft::Node& node = world.servers[server].node();
    const Facts facts{node.id(), node.term(), out.leads_anew, out.applied};
    CHECK(!world.history.add(facts));
    world.flights.insert(world.flights.end(), out.sent.begin(), out.sent.end());
    if (lose_lowest(bounds_, world.flights)) add(world);
  }

  void expand(const World& world) {
    for (std::size_t i = 0; i < world.servers.size(); ++i) {
      if (world.left.timeouts > 0 && may_campaign(world, i)) {
        World next = world;
        next.left.timeouts -= 1;
        take(next, i, [](Server& server, Outcome& out) { server.time_out(out); });
      }
      if (world.left.heartbeats > 0) {
        World next = world;
        next.left.heartbeats -= 1;
        take(next, i, [](Server& server, Outcome& out) { server.heartbeat(out); });
      }
      if (world.left.proposals > 0) {
        World next = world;
        next.left.proposals -= 1;
        const int nth = bounds_.budget.proposals - world.left.proposals + 1;
        const auto command = std::make_shared<const std::string>("c" + std::to_string(nth));
        take(next, i, [&command](Server& server, Outcome& out) { server.propose(command, out); });
      }
      take(world, i, [](Server& server, Outcome& out) { server.sync(out); });
      for (std::size_t kept = 0; kept <= world.servers[i].unsynced().size(); ++kept) {
        if (world.left.crashes == 0) break;
        World next = world;
        next.left.crashes -= 1;
        take(next, i, [kept](Server& server, Outcome& /*out*/) { server.crash(kept); });
      }
    }
    for (std::size_t i = 0; i < world.flights.size(); ++i) deliver(world, i);
  }

  void deliver(const World& world, std::size_t i) {
    const Flight& flight = world.flights[i];
    const Act receive = [&flight](Server& server, Outcome& out) { server.receive(flight, out); };
    World next = world;
    next.flights.erase(next.flights.begin() + static_cast<std::ptrdiff_t>(i));
    take(next, flight.to.value - 1, receive);
    if (world.left.losses > 0) {
      next.left.losses -= 1;
      add(next);
    }
    if (world.left.duplicates > 0) {
      World copied = world;
      copied.left.duplicates -= 1;
      take(copied, flight.to.value - 1, receive);
    }
  }

  static bool may_campaign(const World& world, std::size_t server) {
    Server asking = world.servers[server];
    Outcome out;
    asking.time_out(out);
    const auto yes = std::ranges::count_if(out.asked, [&world](const Flight& question) {
      return world.servers[question.to.value - 1].grants(question);
    });
    return 2 * (static_cast<std::size_t>(yes) + 1) > world.servers.size();
  }

  Bounds bounds_;
  std::set<std::string> seen_;
  std::vector<World> next_;
};

}  // namespace

std::vector<std::uint64_t> count_by_brute_force(const Bounds& bounds) {
  return BruteForce(bounds).count();
}

}  // namespace explore
