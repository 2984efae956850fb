// SPDX-License-Identifier: Apache-2.0
#include "check/faults/network_faults.h"

#include <fmt/format.h>

#include <algorithm>

namespace check::faults {

namespace {

// A datagram crosses an open link in well under a millisecond.
constexpr std::chrono::milliseconds kSilence{40};
// On a busy machine it may take longer; returns as soon as all have arrived.
constexpr std::chrono::milliseconds kArrival{3000};
// How long a fault may take to show.
constexpr std::chrono::milliseconds kTakesEffect{1000};

}  // namespace

base::Result<std::string> NetworkFaults::begin(std::uint64_t id, plan::FaultKind kind,
                                               const Pairs& pairs,
                                               std::chrono::microseconds delay) {
  const Active fault{kind, pairs, delay};
  {
    const std::lock_guard lock(mutex_);
    CHECK(active_.emplace(id, fault).second, id);
    TRY([[maybe_unused]] auto applied, apply(fault));
  }
  switch (kind) {
    case plan::FaultKind::Partition:
      return observe_silence(pairs, "cut");
    case plan::FaultKind::Hold:
      return observe_silence(pairs, "held");
    case plan::FaultKind::Delay:
      return observe_delay(pairs, delay);
    case plan::FaultKind::Kill:
    case plan::FaultKind::Pause:
    case plan::FaultKind::Restart:
      break;
  }
  CHECK(false);
  return std::string();
}

base::Result<std::string> NetworkFaults::end(std::uint64_t id) {
  Pairs free;
  {
    const std::lock_guard lock(mutex_);
    const auto found = active_.find(id);
    CHECK(found != active_.end(), id);
    const Active ended = found->second;
    active_.erase(found);
    TRY([[maybe_unused]] auto applied, apply(ended));
    const Pairs cut = struck(plan::FaultKind::Partition);
    const Pairs held = struck(plan::FaultKind::Hold);
    std::ranges::copy_if(ended.pairs, std::inserter(free, free.end()), [&](const auto& pair) {
      return !cut.contains(pair) && !held.contains(pair);
    });
  }
  const Pairs arrived = probe_.reached(free, kArrival);
  const std::string seen =
      fmt::format("{} of {} probes over healed pairs arrived", arrived.size(), free.size());
  if (arrived.size() == free.size()) return seen;
  // Another fault may have struck one of these pairs in the meantime: then silence proves nothing.
  const std::lock_guard lock(mutex_);
  const Pairs cut = struck(plan::FaultKind::Partition);
  const Pairs held = struck(plan::FaultKind::Hold);
  for (const history::DirectedPair& pair : free) {
    if (!arrived.contains(pair) && !cut.contains(pair) && !held.contains(pair)) {
      return base::Error{base::ErrorCode::Unavailable, seen};
    }
  }
  return seen + ", the others were struck again";
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
  switch (changed.kind) {
    case plan::FaultKind::Partition:
      return apply_cut();
    case plan::FaultKind::Hold:
      apply_hold(changed.pairs);
      return base::Done{};
    case plan::FaultKind::Delay:
      apply_delay(changed.pairs);
      return base::Done{};
    case plan::FaultKind::Kill:
    case plan::FaultKind::Pause:
    case plan::FaultKind::Restart:
      break;
  }
  CHECK(false);
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
    std::chrono::microseconds longest{0};
    for (const auto& [id, fault] : active_) {
      const bool delays = fault.kind == plan::FaultKind::Delay && fault.pairs.contains(pair);
      if (delays) longest = std::max(longest, fault.delay);
    }
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

base::Result<std::string> NetworkFaults::observe_silence(const Pairs& pairs, std::string_view how) {
  return observe(pairs, kSilence, fmt::format("over {} pairs failed", how));
}

base::Result<std::string> NetworkFaults::observe_delay(const Pairs& pairs,
                                                       std::chrono::microseconds delay) {
  const auto just_less = std::chrono::floor<std::chrono::milliseconds>(delay * 9 / 10);
  return observe(pairs, just_less, fmt::format("took longer than {} ms", just_less.count()));
}

base::Result<std::string> NetworkFaults::observe(const Pairs& pairs,
                                                 std::chrono::milliseconds silence,
                                                 const std::string& what) {
  // The monitor takes a hold or a delay over in its own thread: the first probes may still pass.
  const auto end = std::chrono::steady_clock::now() + kTakesEffect;
  while (true) {
    const Pairs arrived = probe_.reached(pairs, silence);
    const std::string seen =
        fmt::format("{} of {} probes {}", pairs.size() - arrived.size(), pairs.size(), what);
    if (arrived.empty()) return seen;
    if (std::chrono::steady_clock::now() >= end) {
      return base::Error{base::ErrorCode::Unavailable, seen};
    }
  }
}

}  // namespace check::faults
