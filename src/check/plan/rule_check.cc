// SPDX-License-Identifier: Apache-2.0
#include "check/plan/rule_check.h"

#include <algorithm>

namespace check::plan {
namespace {

base::Status check_rule(const Rule& rule, wire::Protocol protocol, const Means& means) {
  const auto spoken = [protocol](wire::MessageType type) { return wire::speaks(protocol, type); };
  const std::vector<wire::MessageType>& types = rule.when.types;
  const std::string protocol_name(wire::name(protocol));
  if (rule.require && !types.empty() && std::ranges::none_of(types, spoken)) {
    return base::Error{base::ErrorCode::Unavailable,
                       "rule '" + rule.name + "' must fire, but nodes that speak " + protocol_name +
                           " send no " + std::string(wire::name(types.front()))};
  }
  for (const Action& action : rule.actions) {
    const bool cannot = (changes_members(action.kind) && !means.membership) ||
                        (action.kind == ActionKind::Transfer && !means.transfer);
    if (cannot) {
      return base::Error{base::ErrorCode::Unavailable,
                         "rule '" + rule.name + "' cannot " + describe(action) + ": the target " +
                             (means.membership || means.transfer ? "cannot do that"
                                                                 : "can neither change its members "
                                                                   "nor hand over leadership")};
    }
    const auto deed = deed_of(action.kind);
    if (!deed) continue;
    for (const wire::MessageType type : types) {
      if (!spoken(type)) continue;
      const base::Status possible = wire::supports(protocol, *deed, type);
      if (possible.ok()) continue;
      return base::Error{base::ErrorCode::Unavailable,
                         "rule '" + rule.name + "' cannot " + describe(action) +
                             " a message of type " + std::string(wire::name(type)) + ": " +
                             possible.error().message};
    }
  }
  return base::Done{};
}

}  // namespace

base::Status check_rules(const std::vector<Rule>& rules, wire::Protocol protocol,
                         const Means& means) {
  for (const Rule& rule : rules) {
    TRY([[maybe_unused]] const base::Done done, check_rule(rule, protocol, means));
  }
  return base::Done{};
}

}  // namespace check::plan
