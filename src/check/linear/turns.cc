// SPDX-License-Identifier: Apache-2.0
#include "check/linear/turns.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

#include "check/linear/violation.h"

namespace check::linear {

namespace {

using history::Moment;
using history::Operation;

// A moment of one key that is spread: calls of others, the process's own events, returns of others.
struct Spread {
  std::uint64_t process = 0;
  std::uint64_t events = 0;  // Of the process, at this moment.
  std::uint64_t before = 0;  // Turns of the key's moments before this one.
};

using Place = std::pair<std::string_view, Moment>;
using Spreads = std::map<Place, Spread>;

bool returns(const Operation& operation) { return return_of(operation) != kEver; }

// Without looking at keys or at lines, which takes longer: whether there may be such a process.
bool may_touch(std::span<const Operation> operations) {
  std::vector<std::pair<std::uint64_t, Moment>> ends;
  for (const Operation& operation : operations) {
    if (returns(operation)) ends.emplace_back(operation.process, *operation.returned);
  }
  std::ranges::sort(ends);
  return std::ranges::any_of(operations, [&ends](const Operation& operation) {
    return std::ranges::binary_search(ends, std::pair(operation.process, operation.called));
  });
}

// By keys, then processes, then lines.
std::vector<Position> by_lines(std::span<const Operation> operations) {
  std::vector<Position> order(operations.size());
  std::iota(order.begin(), order.end(), Position{0});
  std::ranges::sort(order, {}, [operations](Position at) {
    const Operation& operation = operations[at];
    return std::tuple(std::string_view(operation.key), operation.process, operation.invoked_at);
  });
  return order;
}

Spreads find_spreads(std::span<const Operation> operations, const std::vector<Position>& order) {
  Spreads spreads;
  for (std::size_t k = 1; k < order.size(); ++k) {
    const Operation& before = operations[order[k - 1]];
    const Operation& after = operations[order[k]];
    const bool touch = before.process == after.process && before.key == after.key &&
                       returns(before) && *before.returned == after.called;
    if (touch) spreads.try_emplace({after.key, after.called}, Spread{.process = after.process});
  }
  return spreads;
}

// The number of an own event among those of its process at a moment that is spread; else 0.
std::uint64_t count_own(Spreads& spreads, const Operation& operation, Moment moment) {
  const auto found = spreads.find({operation.key, moment});
  const bool own = found != spreads.end() && found->second.process == operation.process;
  return own ? ++found->second.events : 0;
}

void sum_up(Spreads& spreads) {
  std::string_view key;
  std::uint64_t sum = 0;
  for (auto& [place, spread] : spreads) {
    if (place.first != key) sum = 0;
    key = place.first;
    spread.before = sum;
    sum += spread.events + 1;
  }
}

// All turns before an event, of which `own` is what count_own() said.
std::uint64_t turns_before(const Spreads& spreads, const Operation& operation, Moment moment,
                           std::uint64_t own, bool is_return) {
  const auto behind = spreads.upper_bound({operation.key, moment});
  if (behind == spreads.begin()) return 0;
  const auto& [place, spread] = *std::prev(behind);
  if (place.first != operation.key) return 0;
  const std::uint64_t past = spread.before + spread.events + 1;
  if (place.second != moment) return past;
  if (spread.process == operation.process) return spread.before + own;
  return is_return ? past : spread.before;
}

}  // namespace

std::vector<Operation> in_turn(std::span<const Operation> operations) {
  if (!may_touch(operations)) return {};
  const std::vector<Position> order = by_lines(operations);
  Spreads spreads = find_spreads(operations, order);
  if (spreads.empty()) return {};
  std::vector<Operation> result(operations.begin(), operations.end());
  for (const Position at : order) {
    Operation& operation = result[at];
    operation.turns_before_call = count_own(spreads, operations[at], operation.called);
    if (!returns(operation)) continue;
    operation.turns_before_return = count_own(spreads, operations[at], *operation.returned);
  }
  sum_up(spreads);
  for (Operation& operation : result) {
    operation.turns_before_call =
        turns_before(spreads, operation, operation.called, operation.turns_before_call, false);
    if (!returns(operation)) continue;
    operation.turns_before_return =
        turns_before(spreads, operation, *operation.returned, operation.turns_before_return, true);
  }
  return result;
}

}  // namespace check::linear
