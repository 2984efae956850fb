// SPDX-License-Identifier: Apache-2.0
#include "check/faults/injector.h"

#include <algorithm>
#include <utility>

#include "check/plan/schedule.h"
#include "check/plan/shape.h"

namespace check::faults {

namespace {

// A delay is this part of the fault's length.
constexpr std::uint64_t kDelayPart = 10;
// A shorter one could not be told from no delay at all.
constexpr std::uint64_t kLeastDelayMs = 10;

std::chrono::milliseconds as_ms(std::uint64_t count) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

}  // namespace

Injector::Injector(Surroundings surroundings, std::uint64_t election_timeout_ms)
    : around_(std::move(surroundings)), election_timeout_ms_(election_timeout_ms) {}

void Injector::run(const plan::Lane& lane) {
  for (const plan::Step& step : lane.steps) {
    if (!around_.stop.wait(as_ms(plan::milliseconds(step.gap, election_timeout_ms_)))) return;
    execute(step);
  }
}

history::NodeId Injector::leader_or(history::NodeId otherwise) const {
  std::optional<history::NodeId> leader;
  const auto seen = [&] {
    leader = around_.leader();
    return leader.has_value();
  };
  // An election may be under way.
  (void)around_.stop.wait_until(seen, as_ms(2 * election_timeout_ms_), as_ms(20));
  return leader.value_or(otherwise);
}

void Injector::execute(const plan::Step& step) {
  if (step.fault.quiet) around_.clients.rest();
  const plan::Scene scene{step.order, leader_or(step.order.front())};
  const bool network = plan::strikes_network(step.fault.kind);
  FaultRecord record;
  record.id = next_id_.fetch_add(1);
  record.fault = plan::describe(step.fault);
  if (network) {
    record.pairs = plan::pairs_of(step.fault.target, scene);
    for (const history::DirectedPair& pair : record.pairs) record.nodes.insert(pair.to);
  } else {
    record.nodes = plan::nodes_of(step.fault.target, scene);
    around_.processes.claim(record.nodes);
  }

  report(record, FaultState::Armed, "leader n" + std::to_string(scene.leader.value));
  report(record, FaultState::Fired, begin(record, step));
  // A length that is cut short by a stop is healed like any other.
  (void)around_.stop.wait(as_ms(plan::milliseconds(step.length, election_timeout_ms_)));
  report(record, FaultState::Healed, end(record, step));

  if (!network) around_.processes.release(record.nodes);
  if (step.fault.quiet) around_.clients.go_on();
}

base::Result<std::string> Injector::begin(const FaultRecord& record, const plan::Step& step) {
  if (!record.pairs.empty()) {
    const std::uint64_t length_ms = plan::milliseconds(step.length, election_timeout_ms_);
    const std::uint64_t length_us = std::max(length_ms / kDelayPart, kLeastDelayMs) * 1000;
    return around_.network.begin(record.id, step.fault.kind, record.pairs,
                                 std::chrono::microseconds(length_us));
  }
  return around_.processes.begin(step.fault.kind, record.nodes);
}

base::Result<std::string> Injector::end(const FaultRecord& record, const plan::Step& step) {
  if (!record.pairs.empty()) return around_.network.end(record.id);
  return around_.processes.end(step.fault.kind, record.nodes);
}

void Injector::report(FaultRecord& record, FaultState state, std::string observed) const {
  record.time = around_.clock.now();
  record.state = state;
  record.observed = std::move(observed);
  around_.sink(record);
}

void Injector::report(FaultRecord& record, FaultState good,
                      const base::Result<std::string>& outcome) const {
  if (outcome.ok()) {
    report(record, good, outcome.value());
  } else {
    report(record, FaultState::Failed, outcome.error().message);
  }
}

}  // namespace check::faults
