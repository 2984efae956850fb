// SPDX-License-Identifier: Apache-2.0
#include "sim/rest.h"

#include <deque>

namespace sim {

namespace {

// In longest election timeouts.
constexpr std::uint64_t kPatience = 30;

class Rest {
 public:
  explicit Rest(Cluster& cluster) : cluster_(cluster), served_(cluster.setup().clients) {}

  void run() {
    for (std::uint32_t id = 1; id <= cluster_.size(); ++id) {
      act(ActionKind::Disarm, id);
      act(ActionKind::Start, id);
    }
    const std::uint64_t rounds = kPatience * cluster_.setup().election_ticks_max;
    for (std::uint64_t round = 0; round < rounds && !cluster_.violation(); ++round) {
      for (std::uint32_t id = 1; id <= cluster_.size(); ++id) act(ActionKind::Tick, id);
      deliver_all();
      ask_all();
      if (all_served() && cluster_.find_leader() && even()) return;
    }
    if (cluster_.violation()) return;
    const char* what = !cluster_.find_leader() ? "no leader"
                       : !all_served()         ? "a client that is not served"
                                               : "a server that has not applied what others have";
    cluster_.say("liveness", {}, what + std::string(" long after all faults healed"));
  }

 private:
  void act(ActionKind kind, std::uint32_t node) {
    Action action;
    action.kind = kind;
    action.node = {node};
    act(action);
  }
  void act(const Action& action) {
    cluster_.act(action);
    for (const Sent& sent : cluster_.outbox()) wire_.push_back(sent);
    for (const Answer& answer : cluster_.answers()) {
      if (answer.ending == Ending::Done) served_[answer.client - 1] = true;
    }
  }

  // In the order of sending. What they cause goes on in the next round, at last.
  void deliver_all() {
    constexpr int kMost = 10'000;
    for (int i = 0; i < kMost && !wire_.empty() && !cluster_.violation(); ++i) {
      Action action;
      action.kind = ActionKind::Deliver;
      action.slot = wire_.front().slot;
      action.node = wire_.front().to;
      wire_.pop_front();
      act(action);
    }
  }

  void ask_all() {
    const std::optional<raft::NodeId> leader = cluster_.find_leader();
    for (std::uint32_t client = 1; leader && client <= served_.size(); ++client) {
      if (served_[client - 1]) continue;
      Action action;
      action.node = *leader;
      action.question.client = client;
      if (cluster_.clients().waits(client) || cluster_.clients().has_open(client)) {
        if (++waited_ % cluster_.setup().election_ticks_max != 0) continue;
        action.kind = ActionKind::GiveUp;
      } else {
        action.kind = ActionKind::Ask;
        action.question.function = Function::Write;
        action.question.value = kFirstValue + ++asked_;
      }
      act(action);
    }
  }

  bool all_served() const {
    for (const bool served : served_) {
      if (!served) return false;
    }
    return true;
  }

  bool even() const {
    for (std::uint32_t id = 1; id <= cluster_.size(); ++id) {
      const Server& server = cluster_.server({id});
      if (server.state == ServerState::Gone || !cluster_.is_member({id})) continue;
      const bool behind =
          !server.replica || server.replica->applied().value() < cluster_.judges().applied().size();
      if (behind) return false;
    }
    return true;
  }

  // No scenario writes such values itself.
  static constexpr std::uint64_t kFirstValue = std::uint64_t{1} << 40U;

  Cluster& cluster_;
  std::deque<Sent> wire_;
  std::vector<bool> served_;
  std::uint64_t asked_ = 0;
  std::uint64_t waited_ = 0;
};

}  // namespace

std::string disagreement(const Cluster& cluster) {
  std::optional<std::uint64_t> digest;
  for (std::uint32_t id = 1; id <= cluster.size(); ++id) {
    const Server& server = cluster.server({id});
    if (!server.replica) continue;
    if (server.replica->applied().value() < cluster.judges().applied().size()) continue;
    const std::uint64_t mine = server.machine->digest();
    if (digest && *digest != mine) {
      return "n" + std::to_string(id) + " has applied what others have, but holds other values";
    }
    digest = mine;
  }
  return {};
}

void come_to_rest(Cluster& cluster) {
  Rest(cluster).run();
  if (cluster.violation()) return;
  const std::string what = disagreement(cluster);
  if (!what.empty()) cluster.say("convergence", {}, what);
}

}  // namespace sim
