// SPDX-License-Identifier: Apache-2.0
#include "check/faults/clock_faults.h"

#include <fmt/format.h>

#include <cstdlib>

namespace check::faults {

namespace {

using std::chrono::milliseconds;

// A clock jumps by so many times the fault's length.
constexpr int kJumpLengths = 10;
// What it gains or loses of the time that passes, in thousandths.
constexpr std::int64_t kDriftPart = 500;

std::string off_by(const clock::NodeClock& clock) {
  const auto ahead = std::chrono::duration_cast<milliseconds>(clock.ahead()).count();
  return fmt::format("{} ms {}", std::abs(ahead), ahead < 0 ? "late" : "ahead");
}

}  // namespace

base::Result<std::string> ClockFaults::begin(plan::FaultKind kind, const Nodes& nodes,
                                             milliseconds length) {
  if (kind == plan::FaultKind::ClockDrift) return drift(nodes, kDriftPart);
  if (kind == plan::FaultKind::ClockDriftBack) return drift(nodes, -kDriftPart);
  const bool back = kind == plan::FaultKind::ClockJumpBack;
  return jump(nodes, (back ? -kJumpLengths : kJumpLengths) * length);
}

base::Result<std::string> ClockFaults::jump(const Nodes& nodes, std::chrono::nanoseconds by) {
  for (const history::NodeId node : nodes) clocks_.of(node).jump(by);
  return observe(nodes);
}

base::Result<std::string> ClockFaults::drift(const Nodes& nodes, std::int64_t thousandths) {
  for (const history::NodeId node : nodes) clocks_.of(node).drift(thousandths * 1000);
  TRY(const std::string seen, observe(nodes));
  return fmt::format("{}; from now on it {} {} ms a second", seen,
                     thousandths < 0 ? "loses" : "gains", std::abs(thousandths));
}

base::Result<std::string> ClockFaults::observe(const Nodes& nodes) {
  std::string seen;
  for (const history::NodeId node : nodes) {
    if (!hosts_.running(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} had ended before it was struck", node.value)};
    }
    const base::Status its_clock = clocks_.confirm(node);
    if (!its_clock.ok()) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{}: {}", node.value, its_clock.error().message)};
    }
    {
      const std::lock_guard lock(mutex_);
      read_.try_emplace(node, clocks_.of(node).readings());
    }
    seen += fmt::format("{}n{}'s wall clock is {}", seen.empty() ? "" : "; ", node.value,
                        off_by(clocks_.of(node)));
  }
  return seen;
}

base::Result<std::string> ClockFaults::end(const Nodes& nodes) {
  std::string seen;
  for (const history::NodeId node : nodes) {
    clock::NodeClock& clock = clocks_.of(node);
    std::uint64_t before = clock.readings();
    {
      const std::lock_guard lock(mutex_);
      const auto found = read_.find(node);
      if (found != read_.end()) {
        before = found->second;
        read_.erase(found);
      }
    }
    const std::uint64_t times = clock.readings() - before;
    const std::string wrong = off_by(clock);
    clock.set_right();
    seen += fmt::format("{}n{}'s wall clock, by then {}, is right; it was asked {} times meanwhile",
                        seen.empty() ? "" : "; ", node.value, wrong, times);
  }
  return seen;
}

void ClockFaults::heal_all() {
  for (std::uint32_t k = 1; k <= hosts_.nodes(); ++k) clocks_.of({k}).set_right();
}

}  // namespace check::faults
