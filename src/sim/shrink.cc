// SPDX-License-Identifier: Apache-2.0
#include "sim/shrink.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace sim {

namespace {

class Shrinker {
 public:
  Shrinker(Scenario scenario, const StillFails& still_fails)
      : best_(std::move(scenario)), still_fails_(still_fails) {}

  Scenario run() {
    remove_chunks();
    for (bool smaller = true; smaller;) {
      const std::uint64_t before = weight();
      simplify_actions();
      merge_ticks();
      fewer_ticks();
      remove_chunks();
      remove_pairs();
      smaller = weight() < before;
    }
    simplify_setup();
    return std::move(best_);
  }

 private:
  // What gets less with every step that is taken.
  std::uint64_t weight() const {
    std::uint64_t sum = 0;
    for (const Action& action : best_.actions) {
      sum += 1000 + action.count + (action.more ? 1 : 0) + (action.keep ? 1 : 0) +
             (action.corrupt != 0 ? 1 : 0);
    }
    return sum;
  }

  bool keep(Scenario candidate) {
    if (!still_fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // Halves, quarters, ..., single ones.
  void remove_chunks() {
    std::size_t size = std::max<std::size_t>(best_.actions.size() / 2, 1);
    while (true) {
      bool removed = false;
      for (std::size_t end = best_.actions.size(); end > 0;) {
        const std::size_t begin = end > size ? end - size : 0;
        removed = remove(begin, end) || removed;
        end = std::min(begin, best_.actions.size());
      }
      if (size == 1 && !removed) return;
      if (size > 1) size = (size + 1) / 2;
    }
  }

  bool remove(std::size_t begin, std::size_t end) {
    Scenario candidate = best_;
    const auto first = candidate.actions.begin();
    candidate.actions.erase(first + static_cast<std::ptrdiff_t>(begin),
                            first + static_cast<std::ptrdiff_t>(end));
    return keep(std::move(candidate));
  }

  // Two that only make sense together. Short lists only: it takes the square of their length.
  void remove_pairs() {
    constexpr std::size_t kShort = 80;
    if (best_.actions.size() > kShort) return;
    for (std::size_t i = 0; i < best_.actions.size(); ++i) {
      for (std::size_t j = i + 1; j < best_.actions.size(); ++j) {
        Scenario candidate = best_;
        candidate.actions.erase(candidate.actions.begin() + static_cast<std::ptrdiff_t>(j));
        candidate.actions.erase(candidate.actions.begin() + static_cast<std::ptrdiff_t>(i));
        if (keep(std::move(candidate))) j = i;
        if (i >= best_.actions.size()) return;
      }
    }
  }

  template <class Change>
  void change(std::size_t at, Change how) {
    Scenario candidate = best_;
    how(candidate.actions[at]);
    keep(std::move(candidate));
  }

  void simplify_actions() {
    for (std::size_t i = 0; i < best_.actions.size(); ++i) {
      const Action action = best_.actions[i];  // What is kept takes the place of all of them.
      if (action.more) change(i, [](Action& a) { a.more = false; });
      if (action.keep) change(i, [](Action& a) { a.keep = false; });
      if (action.corrupt != 0) change(i, [](Action& a) { a.corrupt = 0; });
    }
  }

  // A tick goes to the next one of its server, or to the one before it.
  void merge_ticks() {
    for (std::size_t i = 0; i < best_.actions.size(); ++i) {
      if (best_.actions[i].kind != ActionKind::Tick) continue;
      for (std::size_t j = i + 1; j < best_.actions.size(); ++j) {
        const Action& other = best_.actions[j];
        if (other.kind != ActionKind::Tick || other.node != best_.actions[i].node) continue;
        if (merge(i, j)) {
          i -= i > 0 ? 1 : 0;
        }
        break;
      }
    }
  }

  bool merge(std::size_t early, std::size_t late) {
    const std::uint64_t count = best_.actions[early].count;
    Scenario later = best_;
    later.actions[late].count += count;
    later.actions.erase(later.actions.begin() + static_cast<std::ptrdiff_t>(early));
    if (keep(std::move(later))) return true;
    Scenario earlier = best_;
    earlier.actions[early].count += earlier.actions[late].count;
    earlier.actions.erase(earlier.actions.begin() + static_cast<std::ptrdiff_t>(late));
    return keep(std::move(earlier));
  }

  void fewer_ticks() {
    for (std::size_t i = 0; i < best_.actions.size(); ++i) {
      for (std::uint64_t step = best_.actions[i].count / 2; step > 0; step /= 2) {
        while (best_.actions[i].count > step) {
          const std::uint64_t before = best_.actions[i].count;
          change(i, [step](Action& a) { a.count -= step; });
          if (best_.actions[i].count == before) break;
        }
      }
    }
  }

  void simplify_setup() {
    const Setup plain;
    for (const SetupField& field : setup_fields()) {
      if (best_.setup.*field.member == plain.*field.member) continue;
      Scenario candidate = best_;
      candidate.setup.*field.member = plain.*field.member;
      const bool legal = std::ranges::all_of(candidate.actions, [&](const Action& action) {
        return action.node.value <= candidate.setup.nodes &&
               action.question.client <= candidate.setup.clients;
      });
      const bool ticks = candidate.setup.heartbeat_ticks < candidate.setup.election_ticks_min &&
                         candidate.setup.election_ticks_min <= candidate.setup.election_ticks_max;
      if (legal && ticks) keep(std::move(candidate));
    }
  }

  Scenario best_;
  const StillFails& still_fails_;
};

}  // namespace

Scenario shrink(Scenario scenario, const StillFails& still_fails) {
  return Shrinker(std::move(scenario), still_fails).run();
}

Scenario renumbered(Scenario scenario) {
  std::map<std::uint32_t, std::uint32_t> numbers;
  std::uint32_t next = 0;
  for (Action& action : scenario.actions) {
    numbers[action.number] = ++next;
    action.number = next;
    if (action.kind == ActionKind::Deliver) {
      const auto sender = numbers.find(action.message.action);
      if (sender != numbers.end()) action.message.action = sender->second;
    }
  }
  return scenario;
}

}  // namespace sim
