// SPDX-License-Identifier: Apache-2.0
#include "check/faults/injector.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "check/plan/schedule.h"
#include "check/plan/shape.h"

namespace check::faults {

namespace {

// A delay is this part of the fault's length.
constexpr std::uint64_t kDelayPart = 10;
// A shorter one could not be told from no delay at all.
constexpr std::uint64_t kLeastDelayMs = 10;
// In election timeouts: for what a plan waits for, and what may not come in this run.
constexpr std::uint64_t kPatience = 10;

std::chrono::milliseconds as_ms(std::uint64_t count) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

}  // namespace

Injector::Injector(Surroundings surroundings, const plan::Plan& plan,
                   std::uint64_t election_timeout_ms, std::function<Counts()> count)
    : around_(std::move(surroundings)),
      plan_(plan),
      election_timeout_ms_(election_timeout_ms),
      turns_(plan, {std::move(count), as_ms(kPatience * election_timeout_ms)}) {}

void Injector::run(std::size_t lane) {
  for (std::size_t step = 0; step < plan_.lanes[lane].steps.size(); ++step) {
    const plan::Step& next = plan_.lanes[lane].steps[step];
    const bool reached = turns_.await(next.at, around_.stop);
    if (!around_.stop.wait(as_ms(plan::milliseconds(next.gap, election_timeout_ms_)))) return;
    execute({lane, step, reached});
  }
}

std::optional<history::NodeId> Injector::await_leader() const {
  std::optional<history::NodeId> leader;
  const auto seen = [&] {
    leader = around_.leader();
    return leader.has_value();
  };
  // An election may be under way.
  (void)around_.stop.wait_until(seen, as_ms(2 * election_timeout_ms_), as_ms(20));
  return leader;
}

// A node that another fault holds is waited for; who leads may have changed by then.
Injector::Struck Injector::claim(const plan::Step& step) {
  while (true) {
    const std::optional<history::NodeId> leader = await_leader();
    const auto order = plan::order_under(step, leader);
    const plan::Scene scene{order, leader.value_or(order.front())};
    Struck struck{.leader = leader, .taken = scene.leader, .nodes = {}, .pairs = {}};
    if (plan::strikes_network(step.fault.kind)) {
      struck.pairs = plan::pairs_of(step.fault.target, scene);
      for (const history::DirectedPair& pair : struck.pairs) struck.nodes.insert(pair.to);
      return struck;
    }
    struck.nodes = plan::nodes_of(step.fault.target, scene);
    around_.processes.claim(struck.nodes);
    const std::optional<history::NodeId> now = around_.leader();
    if (!now || now == leader || around_.stop.requested()) return struck;
    around_.processes.release(struck.nodes);
  }
}

std::string Injector::armed(const Struck& struck, bool reached) {
  std::string text = struck.leader ? "leader n" + std::to_string(struck.leader->value)
                                   : "no leader known: n" + std::to_string(struck.taken.value) +
                                         " is taken for it";
  if (!reached) text += "; the point that the plan names did not come";
  return text;
}

void Injector::execute(const Place& place) {
  const plan::Step& step = plan_.lanes[place.lane].steps[place.step];
  if (step.fault.quiet) (void)around_.clients.rest();
  const Struck struck = claim(step);
  FaultRecord record;
  record.id = next_id_.fetch_add(1);
  record.fault = plan::describe(step.fault);
  record.nodes = struck.nodes;
  record.pairs = struck.pairs;
  record.lane = static_cast<std::uint32_t>(place.lane + 1);
  record.step = static_cast<std::uint32_t>(place.step + 1);
  record.leader = struck.leader;

  report(record, FaultState::Armed, armed(struck, place.reached));
  report(record, FaultState::Fired, begin(record, step));
  turns_.passed(step.at);
  (void)turns_.await(step.until, around_.stop);
  // A length that is cut short by a stop is healed like any other.
  (void)around_.stop.wait(as_ms(plan::milliseconds(step.length, election_timeout_ms_)));
  report(record, FaultState::Healed, end(record, step));
  turns_.passed(step.until);

  if (record.pairs.empty()) around_.processes.release(record.nodes);
  if (step.fault.quiet) around_.clients.go_on();
}

std::chrono::microseconds Injector::delay_of(const plan::Step& step) const {
  const std::uint64_t length_ms = plan::milliseconds(step.length, election_timeout_ms_);
  return as_ms(std::max(length_ms / kDelayPart, kLeastDelayMs));
}

base::Result<std::string> Injector::begin(const FaultRecord& record, const plan::Step& step) {
  const plan::FaultKind kind = step.fault.kind;
  if (!record.pairs.empty()) {
    return around_.network.begin(record.id, kind, record.pairs, delay_of(step));
  }
  if (plan::strikes_disk(kind)) {
    CHECK(around_.disks != nullptr);
    return around_.disks->begin(kind, record.nodes, delay_of(step));
  }
  if (plan::strikes_sync(kind)) {
    CHECK(around_.syncs != nullptr);
    return around_.syncs->begin(kind, record.nodes);
  }
  if (plan::strikes_clock(kind)) {
    CHECK(around_.clocks != nullptr);
    return around_.clocks->begin(kind, record.nodes,
                                 as_ms(plan::milliseconds(step.length, election_timeout_ms_)));
  }
  if (plan::transfers(kind)) {
    CHECK(around_.members != nullptr && !record.nodes.empty());
    return around_.members->transfer(*record.nodes.begin());
  }
  if (plan::changes_members(kind)) {
    CHECK(around_.members != nullptr);
    return around_.members->remove(record.nodes);
  }
  return around_.processes.begin(kind, record.nodes);
}

base::Result<std::string> Injector::end(const FaultRecord& record, const plan::Step& step) {
  if (!record.pairs.empty()) return around_.network.end(record.id);
  if (plan::strikes_disk(step.fault.kind)) {
    return around_.disks->end(step.fault.kind, record.nodes);
  }
  if (plan::strikes_sync(step.fault.kind)) {
    return around_.syncs->end(step.fault.kind, record.nodes);
  }
  if (plan::strikes_clock(step.fault.kind)) return around_.clocks->end(record.nodes);
  if (plan::transfers(step.fault.kind)) return std::string("nothing to end");
  if (plan::changes_members(step.fault.kind)) return around_.members->add(record.nodes);
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
