// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

// A server that was away does not catch up on all the ticks that it missed.
constexpr std::uint32_t kMostTicksWaiting = 2;
constexpr std::uint64_t kTurnTime = 20;  // Microseconds, besides its syncs.

}  // namespace

World::World(const Options& options)
    : options_(options),
      prng_(options.seed),
      cluster_(options.setup),
      hosts_(cluster_.size()),
      people_(options.setup.clients),
      cut_(hosts_.size() * hosts_.size()) {
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    const std::uint64_t drift = options_.tick * options_.drift_permille / 1000;
    const std::uint64_t least = options_.tick - drift;
    const std::uint64_t most = options_.tick + drift;
    const bool extreme = options_.setup.lease > 0;  // A lease just allows it.
    hosts_[id - 1].tick = !extreme                   ? prng_.between(least, most)
                          : prng_.between(0, 1) == 0 ? least
                                                     : most;
    queue_.push(prng_.between(0, options_.tick), EventKind::Restart, id);
    queue_.push(prng_.between(0, options_.tick), EventKind::Tick, id);
  }
  for (std::uint32_t client = 1; client <= people_.size(); ++client) {
    queue_.push(prng_.between(0, options_.think_max), EventKind::Client, client);
  }
  queue_.push(options_.trouble_every, EventKind::Trouble, 0);
  queue_.push(options_.wish_every, EventKind::Wish, 0);
}

void World::run() {
  while (cluster_.inputs() < options_.events && !cluster_.violation()) on_event(queue_.pop());
  if (!cluster_.violation()) run_to_rest();
  violation_time_ = now_;
}

bool World::happens(std::uint64_t per_million) {
  return per_million != 0 && prng_.between(0, 999'999) < per_million;
}

raft::NodeId World::any_node() {
  return {static_cast<std::uint32_t>(prng_.between(1, hosts_.size()))};
}

void World::on_event(const Event& event) {
  now_ = event.time;
  const raft::NodeId node{event.what};
  switch (event.kind) {
    case EventKind::Arrive:
      take(cluster_.flight(event.what).to, {Item::Kind::Message, event.what});
      break;
    case EventKind::Tick:
      on_tick(node);
      break;
    case EventKind::Wake:
      on_wake(node);
      break;
    case EventKind::Client:
      on_client(event.what);
      break;
    case EventKind::Timeout:
      on_timeout(event.what, event.stamp);
      break;
    case EventKind::Restart:
      on_restart(node);
      break;
    case EventKind::Trouble:
      on_trouble();
      break;
    case EventKind::Heal:
      on_heal(event.what);
      break;
    case EventKind::Wish:
      on_wish();
      break;
    case EventKind::Demote:
      demote(node);
      break;
    case EventKind::Lapse:
      on_lapse(node);
      break;
  }
}

void World::on_tick(raft::NodeId node) {
  Host& host = hosts_[node.value - 1];
  queue_.push(now_ + host.tick, EventKind::Tick, node.value);
  if (!cluster_.is_up(node)) return;
  if (sleeps(node)) {
    host.ticks_slept += 1;
    return;
  }
  if (host.ticks_waiting >= kMostTicksWaiting) {
    host.ticks_missed += 1;
    return;
  }
  host.ticks_waiting += 1;
  take(node, {Item::Kind::Tick});
}

// As the server's program: when nothing is to be done, it does not wake up for ticks that only let
// time pass. It takes them with whatever comes next, before it; also if it is stopped meanwhile.
bool World::sleeps(raft::NodeId node) const {
  if (options_.quiet_most == 0) return false;
  const Host& host = hosts_[node.value - 1];
  const replica::Replica& replica = *cluster_.server(node).replica;
  const bool idle = host.mailbox.empty() && (host.free_at <= now_ || host.ticks_slept > 0) &&
                    replica.waiting() == 0 && !replica.is_writing_snapshot();
  return idle && host.ticks_slept < std::min(options_.quiet_most, replica.node().quiet_ticks());
}

// An input has come. It is taken at once if the server is free.
void World::take(raft::NodeId node, Item item) {
  Host& host = hosts_[node.value - 1];
  host.mailbox.push_back(item);
  if (host.free_at > now_) {
    if (!std::exchange(host.wakes, true)) queue_.push(host.free_at, EventKind::Wake, node.value);
    return;
  }
  run_turn(node);
}

void World::on_wake(raft::NodeId node) {
  Host& host = hosts_[node.value - 1];
  host.wakes = false;
  if (host.mailbox.empty()) return;
  if (host.free_at > now_) {
    host.wakes = true;
    queue_.push(host.free_at, EventKind::Wake, node.value);
    return;
  }
  run_turn(node);
}

Action World::action_of(const Item& item, raft::NodeId node) {
  Action action;
  action.node = node;
  switch (item.kind) {
    case Item::Kind::Wish:
      action = item.wish;
      break;
    case Item::Kind::Slept:
      action.kind = ActionKind::Tick;
      break;
    case Item::Kind::Tick:
      action.kind = ActionKind::Tick;
      action.missed = std::exchange(hosts_[node.value - 1].ticks_missed, 0);
      break;
    case Item::Kind::Message:
      action.kind = ActionKind::Deliver;
      action.slot = item.slot;
      action.message = cluster_.flight(item.slot).name;
      if (cluster_.flight(item.slot).copies == 0) action.keep = happens(options_.double_ppm);
      if (happens(options_.corrupt_ppm)) action.corrupt = prng_.next() | 1U;
      break;
    case Item::Kind::Question:
      // In its session, what it does not know the outcome of comes before anything else.
      action.kind =
          cluster_.clients().has_open(item.question.client) ? ActionKind::Retry : ActionKind::Ask;
      action.question = item.question;
      break;
  }
  return action;
}

// All that waits, as one turn.
void World::run_turn(raft::NodeId node) {
  Host& host = hosts_[node.value - 1];
  std::vector<Item> items;
  items.swap(host.mailbox);
  // Who was stuck takes what has come before it looks at the clock.
  if (host.ticks_missed > 0) {
    std::stable_partition(items.begin(), items.end(),
                          [](const Item& item) { return item.kind != Item::Kind::Tick; });
  }
  host.ticks_waiting = 0;
  if (host.ticks_slept > 1) cluster_.coverage().hit(Probe::TicksSlept);
  items.insert(items.begin(), std::exchange(host.ticks_slept, 0), Item{Item::Kind::Slept});
  const bool was_up = cluster_.is_up(node);
  if (was_up) arm(node);
  std::uint64_t syncs = 0;
  std::vector<std::pair<Sent, std::uint64_t>> sent;
  const std::uint64_t each = sync_time(node);
  for (std::size_t i = 0; i < items.size(); ++i) {
    Action action = action_of(items[i], node);
    action.more = i + 1 < items.size();
    act(action);
    syncs += cluster_.syncs();
    for (const Sent& one : cluster_.outbox()) send_off(one, each);
    for (const Answer& answer : cluster_.answers()) on_answer(answer);
    if (action.keep)
      queue_.push(now_ + prng_.between(0, options_.late_max), EventKind::Arrive, action.slot);
  }
  host.free_at = now_ + kTurnTime + syncs * each;
  if (was_up && !cluster_.is_up(node)) restart_later(node, options_.trouble_max);
  items.clear();
  if (host.mailbox.empty()) host.mailbox.swap(items);  // Its memory serves again.
}

std::uint64_t World::sync_time(raft::NodeId node) {
  const std::uint64_t time = prng_.between(options_.sync_min, options_.sync_max);
  return node.value == options_.slow_node && !healed_ ? time * options_.slow_factor : time;
}

// What was sent before a sync leaves before it.
void World::send_off(const Sent& sent, std::uint64_t sync_time) {
  if (is_cut(sent.from, sent.to) || happens(options_.drop_ppm)) {
    cluster_.discard(sent.slot);
    return;
  }
  const bool late = happens(options_.late_ppm);
  std::uint64_t delay =
      prng_.between(options_.delay_min, late ? options_.late_max : options_.delay_max);
  if (cluster_.flight(sent.slot).calls && happens(options_.late_call_ppm)) {
    const std::uint64_t patience = options_.setup.election_ticks_max * options_.tick;
    delay += prng_.between(patience, 4 * patience);
  }
  const Host& receiver = hosts_[sent.to.value - 1];
  if (now_ < receiver.echo_until) {
    delay += std::min(receiver.echo, (now_ - receiver.echo_from) / 2);
  }
  queue_.push(now_ + kTurnTime + sent.phase * sync_time + delay, EventKind::Arrive, sent.slot);
}

bool World::is_cut(raft::NodeId from, raft::NodeId to) const {
  const Host& sender = hosts_[from.value - 1];
  if (now_ < sender.echo_until && now_ >= sender.mute_from) return true;
  return cut_[(from.value - 1) * hosts_.size() + to.value - 1] > 0;
}

}  // namespace sim
