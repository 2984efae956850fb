// SPDX-License-Identifier: Apache-2.0
// What operators want: other members, another leader, a snapshot. Mostly from the leader, and
// mostly what makes sense.
#include "sim/world.h"

namespace sim {

namespace {

std::uint64_t bit(raft::NodeId id) { return std::uint64_t{1} << (id.value - 1); }

std::uint64_t set_of(const std::vector<raft::Member>& members) {
  std::uint64_t set = 0;
  for (const raft::Member& member : members) set |= bit(member.id);
  return set;
}

}  // namespace

void World::on_wish() {
  if (healed_) return;
  queue_.push(now_ + prng_.between(1, 2 * options_.wish_every), EventKind::Wish, 0);
  const std::uint64_t total =
      options_.change_weight + options_.transfer_weight + options_.snapshot_weight;
  if (total == 0) return;
  std::uint64_t draw = prng_.between(1, total);
  Item wish;
  wish.kind = Item::Kind::Wish;
  const raft::NodeId leader = cluster_.find_leader().value_or(any_node());
  const raft::NodeId node = prng_.between(0, 9) == 0 ? any_node() : leader;
  wish.wish.node = node;
  if (draw <= options_.snapshot_weight) {
    wish.wish.kind = ActionKind::Snapshot;
    wish.wish.node = any_node();
    return take(wish.wish.node, wish);
  }
  draw -= options_.snapshot_weight;
  if (draw <= options_.transfer_weight) {
    wish.wish.kind = ActionKind::Transfer;
    wish.wish.peer = any_node();
    if (options_.late_call_ppm > 0) {  // When its leader has given it up, and before it is called.
      const std::uint64_t patience = options_.setup.election_ticks_max * options_.tick;
      queue_.push(now_ + patience + prng_.between(1, patience), EventKind::Demote,
                  wish.wish.peer.value);
    }
    return take(node, wish);
  }
  if (!cluster_.is_up(node)) return;
  wish.wish.kind = ActionKind::Change;
  choose_members(wish.wish);
  take(node, wish);
}

void World::demote(raft::NodeId node) {
  const std::optional<raft::NodeId> leader = cluster_.find_leader();
  if (healed_ || !leader) return;
  const raft::Configuration& now = cluster_.judges().configuration(*leader);
  Item wish;
  wish.kind = Item::Kind::Wish;
  wish.wish.kind = ActionKind::Change;
  wish.wish.node = *leader;
  wish.wish.voters = set_of(now.voters) & ~bit(node);
  wish.wish.learners = set_of(now.learners) | bit(node);
  take(*leader, wish);
}

// One step from what the server takes for the configuration, or several at once.
void World::choose_members(Action& wish) {
  const raft::Configuration& now = cluster_.judges().configuration(wish.node);
  wish.voters = set_of(now.voters);
  wish.learners = set_of(now.learners);
  for (std::uint64_t steps = prng_.between(0, 2) == 0 ? 3 : 1; steps > 0; --steps) {
    const std::uint64_t one = bit(any_node());
    const bool votes = (wish.voters & one) != 0;
    const bool learns = (wish.learners & one) != 0;
    wish.voters &= ~one;
    wish.learners &= ~one;
    switch (prng_.between(0, votes ? 3 : 4)) {
      case 0:  // It leaves.
        break;
      case 1:
        wish.learners |= one;
        break;
      default:  // Who is to vote learns first, nearly always.
        if (votes || learns || prng_.between(0, 19) == 0) {
          wish.voters |= one;
        } else {
          wish.learners |= one;
        }
    }
  }
}

}  // namespace sim
