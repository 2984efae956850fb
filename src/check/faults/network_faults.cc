// SPDX-License-Identifier: Apache-2.0
#include "check/faults/network_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "check/faults/silence.h"

namespace check::faults {

namespace {

// A datagram crosses an open link in well under a millisecond.
constexpr std::chrono::milliseconds kSilence{40};
// On a busy machine it may take longer; returns as soon as all have arrived.
constexpr std::chrono::milliseconds kArrival{3000};
// How long a fault may take to show.
constexpr std::chrono::milliseconds kTakesEffect{3000};
// Probes over each pair. They are handled in turn: when the second was, the first's fate is known.
constexpr int kCopies = 2;

}  // namespace

base::Result<std::string> NetworkFaults::begin(std::uint64_t id, plan::FaultKind kind,
                                               const Pairs& pairs,
                                               std::chrono::microseconds delay) {
  Pairs open = pairs;
  {
    const std::lock_guard lock(mutex_);
    for (const history::DirectedPair& pair : silenced(pairs)) open.erase(pair);
  }
  const base::Status alive = expect_alive(open);
  {
    const std::lock_guard lock(mutex_);
    const Active fault{kind, pairs, delay};
    CHECK(active_.emplace(id, fault).second, id);
    TRY([[maybe_unused]] auto applied, apply(fault));
  }
  TRY([[maybe_unused]] auto was_alive, alive);
  if (kind == plan::FaultKind::Partition) return observe_cut(pairs, pairs.size() - open.size());
  if (kind == plan::FaultKind::Hold) return observe_hold(pairs, pairs.size() - open.size());
  CHECK(kind == plan::FaultKind::Delay);
  return observe_delay(pairs, delay);
}

base::Status NetworkFaults::impose(std::uint64_t id, const Pairs& pairs) {
  const std::lock_guard lock(mutex_);
  const Active fault{plan::FaultKind::Partition, pairs, std::chrono::microseconds(0)};
  CHECK(active_.emplace(id, fault).second, id);
  return apply(fault);
}

base::Result<std::string> NetworkFaults::confirm(std::uint64_t id) {
  Pairs pairs;
  {
    const std::lock_guard lock(mutex_);
    const auto found = active_.find(id);
    if (found == active_.end()) return std::string("ended before it was observed");
    pairs = found->second.pairs;
  }
  auto seen = observe_cut(pairs, 0);
  const std::lock_guard lock(mutex_);
  if (!seen.ok() && !active_.contains(id)) return std::string("ended before it was observed");
  return seen;
}

base::Result<std::string> NetworkFaults::end(std::uint64_t id) {
  Pairs free;
  std::size_t pairs = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = active_.find(id);
    CHECK(found != active_.end(), id);
    const Active ended = found->second;
    active_.erase(found);
    TRY([[maybe_unused]] auto applied, apply(ended));
    free = ended.pairs;
    pairs = ended.pairs.size();
    for (const history::DirectedPair& pair : silenced(ended.pairs)) free.erase(pair);
  }
  TRY([[maybe_unused]] auto alive, expect_alive(free));
  const std::string seen = fmt::format("{} of {} healed pairs carry probes", free.size(), pairs);
  return free.size() == pairs ? seen : seen + "; other faults strike the others";
}

base::Status NetworkFaults::heal_all() {
  const std::lock_guard lock(mutex_);
  const std::map<std::uint64_t, Active> ended = std::exchange(active_, {});
  TRY([[maybe_unused]] auto healed, apply_cut());
  for (const auto& [id, fault] : ended) {
    TRY([[maybe_unused]] auto applied, apply(fault));
  }
  return base::Done{};
}

base::Status NetworkFaults::apply(const Active& changed) {
  if (changed.kind == plan::FaultKind::Partition) return apply_cut();
  if (changed.kind == plan::FaultKind::Hold) {
    apply_hold(changed.pairs);
  } else {
    CHECK(changed.kind == plan::FaultKind::Delay);
    apply_delay(changed.pairs);
  }
  return base::Done{};
}

base::Status NetworkFaults::apply_cut() { return sandbox_.cut(struck(plan::FaultKind::Partition)); }

void NetworkFaults::apply_hold(const Pairs& changed) {
  const Pairs held = struck(plan::FaultKind::Hold);
  for (const history::DirectedPair& pair : changed) {
    if (held.contains(pair)) {
      monitor_.hold(pair);
    } else {
      monitor_.release(pair);
    }
  }
}

void NetworkFaults::apply_delay(const Pairs& changed) {
  for (const history::DirectedPair& pair : changed) {
    const std::chrono::microseconds longest = delay_of(pair);
    monitor::LinkFaults link;
    link.delay = longest;
    link.jitter = longest / 4;
    monitor_.set_faults(pair, link);
  }
}

NetworkFaults::Pairs NetworkFaults::struck(plan::FaultKind kind) const {
  Pairs result;
  for (const auto& [id, fault] : active_) {
    if (fault.kind == kind) result.insert(fault.pairs.begin(), fault.pairs.end());
  }
  return result;
}

std::chrono::microseconds NetworkFaults::delay_of(history::DirectedPair pair) const {
  std::chrono::microseconds longest{0};
  for (const auto& [id, fault] : active_) {
    const bool delays = fault.kind == plan::FaultKind::Delay && fault.pairs.contains(pair);
    if (delays) longest = std::max(longest, fault.delay);
  }
  return longest;
}

NetworkFaults::Pairs NetworkFaults::silenced(const Pairs& pairs) const {
  const Pairs cut = struck(plan::FaultKind::Partition);
  const Pairs held = struck(plan::FaultKind::Hold);
  Pairs result;
  std::ranges::copy_if(pairs, std::inserter(result, result.end()),
                       [&](const auto& pair) { return cut.contains(pair) || held.contains(pair); });
  return result;
}

base::Status NetworkFaults::expect_alive(const Pairs& pairs) {
  const Pairs arrived = probe_.reached(pairs, kArrival);
  if (arrived.size() == pairs.size()) return base::Done{};
  // Another fault may have struck one of these pairs in the meantime: then silence proves nothing.
  const std::lock_guard lock(mutex_);
  const Pairs struck_since = silenced(pairs);
  const auto dead = std::ranges::count_if(pairs, [&](const auto& pair) {
    return !arrived.contains(pair) && !struck_since.contains(pair);
  });
  if (dead == 0) return base::Done{};
  return base::Error{base::ErrorCode::Unavailable,
                     fmt::format("{} of {} pairs that no fault strikes carried no probe within "
                                 "{} ms",
                                 dead, pairs.size(), kArrival.count())};
}

base::Result<std::string> NetworkFaults::observe_cut(const Pairs& pairs, std::size_t before) {
  TRY([[maybe_unused]] auto silent,
      observe_silence(pairs, &NetworkFaults::counts_before_cut, kSilence));
  // Where something else keeps probes from arriving, too, this alone tells the cut.
  TRY(const Pairs in_force, sandbox_.pairs_cut());
  if (!std::ranges::includes(in_force, pairs)) {
    return base::Error{base::ErrorCode::Unavailable,
                       "the packet filter does not drop every pair that is to be cut"};
  }
  std::string seen = fmt::format("{0} of {0} probes over cut pairs failed", pairs.size());
  if (before > 0) {
    seen +=
        fmt::format("; {} of the pairs carried none before: they were held or cut already", before);
  }
  return seen + "; the packet filter drops them";
}

base::Result<std::string> NetworkFaults::observe_hold(const Pairs& pairs, std::size_t before) {
  Pairs seen = pairs;
  std::chrono::microseconds delay{0};
  {
    const std::lock_guard lock(mutex_);
    for (const history::DirectedPair& pair : struck(plan::FaultKind::Partition)) seen.erase(pair);
    for (const history::DirectedPair& pair : seen) delay = std::max(delay, delay_of(pair));
  }
  if (seen.empty()) {
    return base::Error{base::ErrorCode::Unavailable,
                       "all pairs are cut: a hold cannot be seen through a cut"};
  }
  // What a delay keeps back must not be taken for held.
  const auto silence = kSilence + std::chrono::ceil<std::chrono::milliseconds>(2 * delay);
  TRY([[maybe_unused]] auto silent,
      observe_silence(seen, &NetworkFaults::counts_at_monitor, silence));
  const std::string text = fmt::format(
      "{0} of {0} probes over held pairs came to the monitor and no further", seen.size());
  return before == 0 ? text
                     : fmt::format("{}; {} of {} pairs were held or cut already", text, before,
                                   pairs.size());
}

base::Result<std::string> NetworkFaults::observe_delay(const Pairs& pairs,
                                                       std::chrono::microseconds delay) {
  Pairs seen = pairs;
  {
    const std::lock_guard lock(mutex_);
    for (const history::DirectedPair& pair : silenced(pairs)) seen.erase(pair);
  }
  if (seen.empty()) {
    return base::Error{base::ErrorCode::Unavailable,
                       "all pairs are cut or held: a delay cannot be seen through that"};
  }
  // Counted from when the probes are known to be with the monitor, a moment after they came there.
  const auto less = std::chrono::floor<std::chrono::milliseconds>(delay * 3 / 4);
  TRY([[maybe_unused]] auto silent, observe_silence(seen, &NetworkFaults::counts_at_monitor, less));
  return fmt::format("{0} of {0} probes took longer than {1} ms", seen.size(), less.count());
}

base::Result<NetworkFaults::Counts> NetworkFaults::counts_before_cut(const Pairs& pairs) {
  TRY(const auto all, sandbox_.pair_counters());
  Counts counts;
  for (const history::DirectedPair& pair : pairs) counts[pair] = all.at(pair).arrived.packets;
  return counts;
}

base::Result<NetworkFaults::Counts> NetworkFaults::counts_at_monitor(const Pairs& pairs) {
  const auto all = monitor_.counters();
  Counts counts;
  for (const history::DirectedPair& pair : pairs) counts[pair] = all.at(pair).datagrams;
  return counts;
}

base::Status NetworkFaults::observe_silence(const Pairs& pairs, Count count,
                                            std::chrono::milliseconds silence) {
  std::optional<LinkProbe::Round> round;
  Counts before;
  Trial trial;
  trial.send = [&]() -> base::Status {
    TRY(before, (this->*count)(pairs));
    round.emplace(probe_, pairs, kCopies);
    return base::Done{};
  };
  trial.decided = [&]() -> base::Result<bool> {
    TRY(const Counts now, (this->*count)(pairs));
    return std::ranges::all_of(
        now, [&](const auto& entry) { return entry.second >= before.at(entry.first) + kCopies; });
  };
  trial.arrived = [&] { return round->arrived().size(); };
  TRY(const Heard heard, listen(trial, {silence, kTakesEffect + silence}));
  if (heard == Heard::Nothing) return base::Done{};
  const std::size_t arrived = round->arrived().size();
  return base::Error{base::ErrorCode::Unavailable,
                     heard == Heard::Something
                         ? fmt::format("probes over {} of {} pairs arrived", arrived, pairs.size())
                         : fmt::format("unknown: probes did not come to where they are stopped "
                                       "within {} ms, which this machine may be too busy for",
                                       (kTakesEffect + silence).count())};
}

}  // namespace check::faults
