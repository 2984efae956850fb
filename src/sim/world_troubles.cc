// SPDX-License-Identifier: Apache-2.0
// Faults that a run draws: at the effects of a turn, and by time.
#include <algorithm>
#include <array>
#include <utility>

#include "raft/node.h"
#include "sim/world.h"

namespace sim {

namespace {

// A turn has about this many effects; later ones are of the turns to come.
constexpr std::uint64_t kMostEffects = 12;

// How many messages or syncs fit into a shortest election timeout when all has healed.
constexpr std::uint64_t kQuicker = 12;

enum class Kind : std::uint8_t {
  Crash,
  Blackout,
  Kill,
  Stuck,
  Isolate,
  Split,
  OneWay,
  Damage,
  Echo,
  Freeze
};

}  // namespace

// Something goes wrong at the k-th effect from now.
void World::arm(raft::NodeId node) {
  if (healed_) return;
  const Server& server = cluster_.server(node);
  if (server.fuse.armed()) return;
  Action action;
  action.node = node;
  if (happens(options_.death_ppm)) {
    action.kind = ActionKind::ArmDeath;
    action.survival = static_cast<Survival>(options_.survival);
    action.seed = prng_.next();
  } else if (happens(options_.error_ppm)) {
    action.kind = ActionKind::ArmError;
  } else if (happens(options_.full_ppm)) {
    action.kind = ActionKind::ArmFull;
  } else {
    return;
  }
  action.count = prng_.between(1, kMostEffects);
  act(action);
}

void World::on_trouble() {
  if (healed_) return;
  queue_.push(now_ + prng_.between(1, 2 * options_.trouble_every), EventKind::Trouble, 0);
  const std::array<std::uint64_t, 10> weights = {options_.crash_weight,   options_.blackout_weight,
                                                 options_.kill_weight,    options_.stuck_weight,
                                                 options_.isolate_weight, options_.split_weight,
                                                 options_.one_way_weight, options_.damage_weight,
                                                 options_.echo_weight,    options_.freeze_weight};
  std::uint64_t total = 0;
  for (const std::uint64_t weight : weights) total += weight;
  if (total == 0) return;
  std::uint64_t draw = prng_.between(1, total);
  std::uint64_t kind = 0;
  while (draw > weights[kind]) draw -= weights[kind++];
  begin_trouble(kind, prng_.between(1, options_.trouble_max));
}

void World::begin_trouble(std::uint64_t kind, std::uint64_t lasts) {
  const raft::NodeId node = any_node();
  Host& host = hosts_[node.value - 1];
  switch (static_cast<Kind>(kind)) {
    case Kind::Crash:
      power_cut(node, lasts);
      break;
    case Kind::Blackout:
      for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
        power_cut({id}, lasts);
      }
      break;
    case Kind::Kill:
      kill(node, lasts);
      break;
    case Kind::Stuck:
      host.free_at = std::max(host.free_at, now_ + lasts);
      break;
    case Kind::Isolate:
      cut(around(node), lasts);
      break;
    case Kind::Split:
      cut(between_halves(), lasts);
      break;
    case Kind::OneWay: {
      Trouble trouble;
      trouble.cuts.emplace_back(node.value, any_node().value);
      cut(std::move(trouble), lasts);
      break;
    }
    case Kind::Damage:
      damage(node);
      break;
    case Kind::Echo:
      echo(lasts);
      break;
    case Kind::Freeze:
      freeze(lasts);
      break;
  }
}

void World::kill(raft::NodeId node, std::uint64_t lasts) {
  if (!cluster_.is_up(node)) return;
  Action action;
  action.kind = ActionKind::Kill;
  action.node = node;
  act(action);
  for (const Answer& answer : cluster_.answers()) on_answer(answer);
  restart_later(node, lasts);
}

World::Trouble World::around(raft::NodeId node) const {
  Trouble trouble;
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    if (id == node.value) continue;
    trouble.cuts.emplace_back(id, node.value);
    trouble.cuts.emplace_back(node.value, id);
  }
  return trouble;
}

// A leader whose lease begins to matter. It, and perhaps another with it, is cut off, often as it
// calls its successor, and often does nothing for a part of the time. Or one of the others hears
// nothing of it for so long that it asks to be elected, and then nobody does (on_lapse).
void World::freeze(std::uint64_t lasts) {
  const raft::NodeId leader = cluster_.find_leader().value_or(any_node());
  const std::uint64_t timeout = options_.setup.election_ticks_max * options_.tick;
  const std::uint64_t way = prng_.between(0, 3);
  if (way == 0) {
    Trouble trouble;
    const raft::NodeId other = any_node();
    trouble.cuts.emplace_back(leader.value, other.value);
    trouble.cuts.emplace_back(other.value, leader.value);
    cut(std::move(trouble), 4 * timeout);
    queue_.push(now_ + prng_.between(timeout, 3 * timeout), EventKind::Lapse, leader.value);
    return;
  }
  Host& host = hosts_[leader.value - 1];
  std::uint64_t side = std::uint64_t{1} << leader.value;
  if (way == 1) hand_over(leader);
  if (way == 2) {  // Those on the other side elect another before the slowest on this one would.
    side |= std::uint64_t{1} << slowest_but(leader).value;
    cut(between(side), lasts);
    host.free_at = std::max(host.free_at, now_ + prng_.between(timeout / 2, 2 * timeout));
    return;
  }
  if (hosts_.size() > 3 && prng_.between(0, 1) == 0) side |= std::uint64_t{1} << any_node().value;
  cut(between(side), lasts);
  if (prng_.between(0, 1) == 0) return;
  host.free_at = std::max(host.free_at, now_ + prng_.between(1, lasts));
}

// The one with the slowest clock.
raft::NodeId World::slowest_but(raft::NodeId node) const {
  raft::NodeId slowest;
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    if (id == node.value) continue;
    const bool slower = slowest.value == 0 || hosts_[id - 1].tick > hosts_[slowest.value - 1].tick;
    if (slower) slowest = {id};
  }
  return slowest;
}

void World::hand_over(raft::NodeId leader) {
  Item wish;
  wish.kind = Item::Kind::Wish;
  wish.wish.kind = ActionKind::Transfer;
  wish.wish.node = leader;
  wish.wish.peer = any_node();
  take(leader, wish);
}

// Nobody hears the leader any more, and those who heard it begin a new life at once.
void World::on_lapse(raft::NodeId leader) {
  if (healed_ || cluster_.find_leader() != leader) return;
  cut(around(leader), 2 * options_.setup.election_ticks_max * options_.tick);
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    const bool hears =
        cluster_.is_up({id}) && cluster_.server({id}).replica->node().leader() == leader;
    if (hears && leader.value != id) kill({id}, options_.tick / 10);
  }
}

World::Trouble World::between_halves() {
  return between(prng_.between(0, (std::uint64_t{1} << hosts_.size()) - 1) << 1U);
}

// Bit i: on which side server i is.
World::Trouble World::between(std::uint64_t side) const {
  const auto nodes = static_cast<std::uint32_t>(hosts_.size());
  Trouble trouble;
  for (std::uint32_t from = 1; from <= nodes; ++from) {
    for (std::uint32_t to = 1; to <= nodes; ++to) {
      const bool apart = ((side >> from ^ side >> to) & 1U) != 0;
      if (apart) trouble.cuts.emplace_back(from, to);
    }
  }
  return trouble;
}

// A leader that goes on to hear answers after nobody hears it any more, for longer than the others
// take to elect another one. What it hears becomes late little by little, so that it never misses
// its majority.
void World::echo(std::uint64_t lasts) {
  raft::NodeId node = any_node();
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    if (cluster_.is_up({id}) &&
        cluster_.server({id}).replica->node().role() == raft::Role::Leader) {
      node = {id};
    }
  }
  const Setup& setup = options_.setup;
  Host& host = hosts_[node.value - 1];
  host.echo = options_.tick * prng_.between(setup.election_ticks_min, 3 * setup.election_ticks_max);
  host.echo_from = now_;
  host.mute_from = now_ + 2 * host.echo + prng_.between(0, lasts);
  host.echo_until = host.mute_from + 2 * host.echo;
}

void World::cut(Trouble trouble, std::uint64_t lasts) {
  for (const auto& [from, to] : trouble.cuts) cut_[(from - 1) * hosts_.size() + to - 1] += 1;
  queue_.push(now_ + lasts, EventKind::Heal, static_cast<std::uint32_t>(troubles_.size()));
  troubles_.push_back(std::move(trouble));
}

void World::on_heal(std::uint32_t number) {
  Trouble& trouble = troubles_[number];
  for (const auto& [from, to] : trouble.cuts) cut_[(from - 1) * hosts_.size() + to - 1] -= 1;
  trouble.cuts.clear();
}

void World::power_cut(raft::NodeId node, std::uint64_t lasts) {
  if (cluster_.is_up(node)) restart_later(node, lasts);
  Action action;
  action.kind = ActionKind::Crash;
  action.node = node;
  action.survival = static_cast<Survival>(options_.survival);
  action.seed = prng_.next();
  act(action);
  for (const Answer& answer : cluster_.answers()) on_answer(answer);
}

// Of fewer servers than a majority needs: what they lose, nobody can bring back.
void World::damage(raft::NodeId node) {
  if (!cluster_.server(node).damaged) {
    if (2 * (damaged_ + 1) >= options_.setup.nodes) {
      if (last_damaged_.value == 0 || !cluster_.server(last_damaged_).damaged) return;
      return damage(last_damaged_);
    }
    damaged_ += 1;
    last_damaged_ = node;
  }
  const std::uint64_t places = prng_.between(1, options_.damage_most);
  for (std::uint64_t i = 0; i < places; ++i) {
    Action action;
    action.kind = prng_.between(0, 1) == 0 ? ActionKind::Flip : ActionKind::Misdirect;
    if (prng_.between(0, 999) < options_.spoil_permille) action.kind = ActionKind::Spoil;
    action.node = node;
    action.seed = prng_.next() | 1U;
    act(action);
  }
  // What is read again is what is found, and soon is before others have mended anything.
  const std::uint64_t within = std::min(options_.damage_restart, options_.trouble_max);
  if (prng_.between(0, 1) == 0) kill(node, within);
}

void World::restart_later(raft::NodeId node, std::uint64_t within) {
  queue_.push(now_ + prng_.between(1, within), EventKind::Restart, node.value);
}

void World::on_restart(raft::NodeId node) {
  if (cluster_.server(node).state != ServerState::Down) return;
  Host& host = hosts_[node.value - 1];
  // Messages to the process before are lost with it; questions are refused.
  for (const Item& item : host.mailbox) {
    if (item.kind == Item::Kind::Message) cluster_.discard(item.slot);
    if (item.kind == Item::Kind::Question) {
      queue_.push(now_ + prng_.between(0, options_.think_max), EventKind::Client,
                  item.question.client);
    }
  }
  host.mailbox.clear();
  host.ticks_waiting = 0;
  host.ticks_missed = 0;
  host.ticks_slept = 0;
  Action action;
  action.node = node;
  if (healed_ || prng_.between(0, 1) == 0) {
    action.kind = ActionKind::Disarm;
    act(action);
  }
  if (!healed_ && happens(10 * options_.death_ppm)) {
    action.kind = ActionKind::ArmDeath;
    action.count = prng_.between(1, prng_.between(0, 1) == 0 ? 2 * kMostEffects : 80);
    action.survival = static_cast<Survival>(options_.survival);
    action.seed = prng_.next();
    act(action);
  }
  action.kind = ActionKind::Start;
  act(action);
  host.free_at = now_ + sync_time(node) * (1 + cluster_.syncs());
  if (cluster_.server(node).state == ServerState::Down) restart_later(node, options_.trouble_max);
}

void World::heal_all() {
  healed_ = true;
  options_.drop_ppm = options_.double_ppm = options_.corrupt_ppm = options_.late_ppm = 0;
  // Nobody can be elected but by messages and disks that are quicker than the timeouts (Raft §5.6).
  const std::uint64_t quick = options_.setup.election_ticks_min * options_.tick / kQuicker;
  options_.delay_max = std::min(options_.delay_max, options_.delay_min + quick);
  options_.sync_max = std::min(options_.sync_max, options_.sync_min + quick);
  std::ranges::fill(cut_, 0);
  for (Trouble& trouble : troubles_) trouble.cuts.clear();
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    Host& host = hosts_[id - 1];
    host.tick = options_.tick;
    host.echo_until = 0;
    host.free_at = std::min(host.free_at, now_ + options_.sync_max);
    Action action;
    action.kind = ActionKind::Disarm;
    action.node = {id};
    act(action);
    if (!cluster_.is_up({id})) restart_later({id}, options_.tick);
  }
}

}  // namespace sim
