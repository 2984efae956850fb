// SPDX-License-Identifier: Apache-2.0
#include "check/search/searcher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "check/search/draw.h"

namespace check::search {

namespace {

constexpr std::array<std::pair<How, std::string_view>, 3> kNames = {
    {{How::Guided, "guided"}, {How::Blind, "blind"}, {How::Faults, "faults"}}};

// A plan that is nothing but rules lasts so long, in thousandths of an election timeout.
constexpr std::uint64_t kRulesLength = 4000;
// Trials before the first is made from others.
constexpr std::uint64_t kDrawnFirst = 4;
constexpr std::size_t kMostKept = 200;
constexpr std::uint64_t kDrawnAnew = 25;  // Percent of trials.
constexpr std::uint64_t kMixed = 35;      // Percent of the rest.

}  // namespace

std::string_view name(How how) {
  return std::ranges::find(kNames, how, &std::pair<How, std::string_view>::first)->second;
}

std::optional<How> how(std::string_view name) {
  const auto* const found =
      std::ranges::find(kNames, name, &std::pair<How, std::string_view>::second);
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

Searcher::Searcher(const Options& options)
    : options_(options),
      prng_(options.seed),
      palette_(options.nodes, options.how == How::Faults ? std::nullopt : options.protocol),
      maker_(palette_, merits_) {}

// States that few others reached are where there is more to find. What was often tried again has
// given what it had.
std::uint64_t Searcher::energy(const Kept& kept) const {
  std::uint64_t rarity = 0;
  for (const StateHash state : kept.fresh) rarity += 1000 / visits_.at(state);
  const std::uint64_t tries = kept.chosen + 1;
  return 1 + rarity * 1000 / std::max<std::uint64_t>(kept.cost_ms, 1) * 100 / (tries * tries);
}

Searcher::Kept& Searcher::drawn_parent() {
  std::vector<std::uint64_t> weights;
  weights.reserve(kept_.size());
  for (const Kept& kept : kept_) weights.push_back(energy(kept));
  Kept& parent = kept_[weighted(weights, prng_)];
  parent.chosen += 1;
  return parent;
}

Genome Searcher::made(Trial& trial) {
  if (options_.how == How::Faults) return maker_.faults(prng_);
  const bool anew = options_.how == How::Blind || kept_.empty() || number_ <= kDrawnFirst;
  if (anew || percent(kDrawnAnew, prng_)) return maker_.fresh(prng_);
  const Kept& one = drawn_parent();
  trial.from = {one.number};
  if (!percent(kMixed, prng_)) return maker_.mutant(one.genome, prng_);
  const Kept& other = drawn_parent();
  trial.from.push_back(other.number);
  return maker_.mutant(maker_.child(one.genome, other.genome, prng_), prng_);
}

Searcher::Trial Searcher::next() {
  Trial trial;
  trial.number = ++number_;
  tried_ = made(trial);
  trial.plan = plan_of(tried_, "search-" + std::to_string(trial.number));
  trial.length = std::max(length_of(tried_), tried_.gadgets.empty() ? 0 : kRulesLength);
  return trial;
}

std::uint64_t Searcher::learn(const Trace& trace, std::uint64_t cost_ms, bool judged) {
  std::vector<StateHash> fresh;
  for (const StateHash state : trace.states) {
    if (++visits_[state] == 1) fresh.push_back(state);
  }
  const std::uint64_t count = fresh.size();
  palette_.learn(trace.talks);
  if (options_.how != How::Guided || number_ == 0) return count;
  merits_.reward(words_of(tried_), judged ? count : 0, cost_ms);
  if (count > 0 && judged) kept_.push_back({number_, tried_, std::move(fresh), cost_ms, 0});
  if (kept_.size() > kMostKept) {
    kept_.erase(std::ranges::min_element(kept_, {}, [this](const Kept& k) { return energy(k); }));
  }
  return count;
}

}  // namespace check::search
