// SPDX-License-Identifier: Apache-2.0
#include "check/search/maker.h"

#include <algorithm>

#include "check/search/draw.h"

namespace check::search {

namespace {

constexpr std::size_t kMostLanes = 2;
constexpr std::size_t kMostGadgets = 4;
constexpr std::uint64_t kMostSteps = 4;

// A network's fault that keeps a majority, or one node, from agreeing to anything.
bool parts(const plan::Step& step) {
  return step.fault.kind == plan::FaultKind::Partition || step.fault.kind == plan::FaultKind::Hold;
}

bool strikes_sync(const plan::Step& step) { return plan::strikes_sync(step.fault.kind); }

template <class Is>
bool has_step(const Genome& genome, Is is) {
  return std::ranges::any_of(genome.lanes,
                             [&is](const auto& lane) { return std::ranges::any_of(lane, is); });
}

template <class Is>
void erase_steps(Genome& genome, Is is) {
  for (auto& lane : genome.lanes) std::erase_if(lane, is);
}

template <class Is>
bool has_action(const Gadget& gadget, Is is) {
  return std::ranges::any_of(gadget.rules, [&is](const plan::Rule& rule) {
    return std::ranges::any_of(rule.actions,
                               [&is](const plan::Action& action) { return is(action.kind); });
  });
}

template <class Is>
bool has_action(const Genome& genome, Is is) {
  return std::ranges::any_of(genome.gadgets,
                             [&is](const Gadget& gadget) { return has_action(gadget, is); });
}

bool strikes_sync(plan::ActionKind kind) {
  const auto fault = plan::fault_of(kind);
  return fault && plan::strikes_sync(*fault);
}

bool parts(plan::ActionKind kind) {
  return kind >= plan::ActionKind::Cut && kind <= plan::ActionKind::Mute;
}

// Who is cut off, and whom nobody asks for anything, has nothing to sync.
bool quells_syncs(plan::ActionKind kind) { return parts(kind) || kind == plan::ActionKind::Rest; }

}  // namespace

// Faults at the same time whose effect could not be seen because of one another.
void Maker::part_rivals(Genome& genome, base::Prng& prng) {
  const auto sync_step = [](const plan::Step& step) { return strikes_sync(step); };
  const auto sync_action = [](plan::ActionKind kind) { return strikes_sync(kind); };
  const bool syncs = has_step(genome, sync_step) || has_action(genome, sync_action);
  const auto parting = [](const plan::Step& step) { return parts(step); };
  const bool quelled = has_step(genome, parting) || has_action(genome, quells_syncs);
  if (syncs && quelled && percent(50, prng)) {
    erase_steps(genome, sync_step);
    std::erase_if(genome.gadgets,
                  [&](const Gadget& gadget) { return has_action(gadget, sync_action); });
  } else if (syncs && quelled) {
    erase_steps(genome, parting);
    std::erase_if(genome.gadgets,
                  [](const Gadget& gadget) { return has_action(gadget, quells_syncs); });
  }
  std::erase_if(genome.lanes, [](const auto& lane) { return lane.empty(); });
  const bool cut_by_rules = has_action(genome, [](plan::ActionKind kind) { return parts(kind); });
  if (genome.lanes.size() < 2 && !cut_by_rules) return;
  // Behind a cut nothing arrives anyhow.
  const auto of = [](plan::FaultKind kind) {
    return [kind](const plan::Step& step) { return step.fault.kind == kind; };
  };
  if (cut_by_rules || has_step(genome, of(plan::FaultKind::Partition))) {
    erase_steps(genome, of(plan::FaultKind::Hold));
    erase_steps(genome, of(plan::FaultKind::Delay));
  }
  if (has_step(genome, of(plan::FaultKind::Hold))) erase_steps(genome, of(plan::FaultKind::Delay));
  std::erase_if(genome.lanes, [](const auto& lane) { return lane.empty(); });
}

plan::Step Maker::step(base::Prng& prng) const {
  const auto& faults = palette_.faults();
  std::vector<std::uint64_t> weights;
  weights.reserve(faults.size());
  for (const plan::Fault& fault : faults) weights.push_back(merits_.weight(plan::describe(fault)));
  plan::Step step;
  step.fault = faults[weighted(weights, prng)];
  // Of clients that rest nothing is synced.
  step.fault.quiet = percent(10, prng) && !plan::strikes_sync(step.fault.kind);
  step.gap = drawn_gap(prng);
  step.length = drawn_length(prng);
  step.order = palette_.order(prng);
  return step;
}

std::vector<plan::Step> Maker::lane(std::uint64_t most_steps, base::Prng& prng) const {
  std::vector<plan::Step> lane;
  const std::uint64_t count = prng.between(1, most_steps);
  for (std::uint64_t k = 0; k < count; ++k) lane.push_back(step(prng));
  return lane;
}

// Within its bounds, and not empty.
Genome Maker::tidied(Genome genome, base::Prng& prng) const {
  part_rivals(genome, prng);
  for (auto& lane : genome.lanes) {
    while (lane.size() > 1 && length_of(lane) > kMostLength) lane.pop_back();
  }
  std::erase_if(genome.lanes, [](const auto& lane) { return lane.empty(); });
  if (genome.lanes.size() > kMostLanes) genome.lanes.resize(kMostLanes);
  if (genome.gadgets.size() > kMostGadgets) genome.gadgets.resize(kMostGadgets);
  if (genome.lanes.empty() && genome.gadgets.empty()) genome.lanes.push_back(lane(2, prng));
  return genome;
}

Genome Maker::faults(base::Prng& prng) const {
  Genome genome;
  const std::uint64_t lanes = prng.between(1, kMostLanes);
  for (std::uint64_t k = 0; k < lanes; ++k) genome.lanes.push_back(lane(kMostSteps, prng));
  return tidied(std::move(genome), prng);
}

Genome Maker::fresh(base::Prng& prng) const {
  if (!has_talks()) return faults(prng);
  Genome genome;
  // Rules need a cluster in trouble: most plans have faults by time, too.
  const std::uint64_t lanes = percent(20, prng) ? 0 : prng.between(1, kMostLanes);
  for (std::uint64_t k = 0; k < lanes; ++k) genome.lanes.push_back(lane(kMostSteps, prng));
  const std::uint64_t gadgets = prng.between(lanes == 0 ? 1 : 0, 3);
  for (std::uint64_t k = 0; k < gadgets; ++k) genome.gadgets.push_back(gadgets_.fresh(prng));
  return tidied(std::move(genome), prng);
}

void Maker::change_steps(Genome& genome, base::Prng& prng) const {
  if (genome.lanes.empty() || (genome.lanes.size() < kMostLanes && percent(15, prng))) {
    genome.lanes.push_back(lane(2, prng));
    return;
  }
  auto& lane = genome.lanes[prng.between(0, genome.lanes.size() - 1)];
  const std::size_t place = prng.between(0, lane.size() - 1);
  const auto at = lane.begin() + static_cast<std::ptrdiff_t>(place);
  switch (prng.between(0, 6)) {
    case 0:
      lane.erase(at);
      break;
    case 1:
    case 2:
      lane.insert(at, step(prng));
      break;
    case 3:
      *at = step(prng);
      break;
    case 4:
      at->length = drawn_length(prng);
      break;
    case 5:
      at->gap = drawn_gap(prng);
      break;
    default:
      at->order = palette_.order(prng);
      break;
  }
}

void Maker::change_gadgets(Genome& genome, base::Prng& prng) const {
  auto& gadgets = genome.gadgets;
  if (gadgets.empty() || (gadgets.size() < kMostGadgets && percent(30, prng))) {
    gadgets.push_back(gadgets_.fresh(prng));
    return;
  }
  const std::size_t place = prng.between(0, gadgets.size() - 1);
  switch (prng.between(0, 4)) {
    case 0:
      gadgets.erase(gadgets.begin() + static_cast<std::ptrdiff_t>(place));
      break;
    case 1:
      gadgets[place] = gadgets_.fresh(prng);
      break;
    default:
      gadgets_.vary(gadgets[place], prng);
      break;
  }
}

void Maker::change(Genome& genome, base::Prng& prng) const {
  if (has_talks() && percent(50, prng)) {
    change_gadgets(genome, prng);
  } else {
    change_steps(genome, prng);
  }
}

Genome Maker::mutant(const Genome& parent, base::Prng& prng) const {
  Genome genome = parent;
  const std::uint64_t changes = prng.between(1, 3);
  for (std::uint64_t k = 0; k < changes; ++k) {
    change(genome, prng);
    genome = tidied(std::move(genome), prng);
  }
  return genome;
}

Genome Maker::child(const Genome& one, const Genome& other, base::Prng& prng) const {
  Genome genome;
  for (const Genome* parent : {&one, &other}) {
    for (const auto& lane : parent->lanes) {
      if (percent(50, prng)) genome.lanes.push_back(lane);
    }
    for (const Gadget& gadget : parent->gadgets) {
      if (percent(60, prng)) genome.gadgets.push_back(gadget);
    }
  }
  return tidied(std::move(genome), prng);
}

}  // namespace check::search
