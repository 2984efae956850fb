// SPDX-License-Identifier: Apache-2.0
#include "check/plan/rule_check.h"

#include <algorithm>

namespace check::plan {
namespace {

base::Error cannot(const Rule& rule, const std::string& reason) {
  return {base::ErrorCode::Unavailable, "rule '" + rule.name + "' cannot " + reason};
}

base::Status check_members(const Rule& rule, const Action& action, const Means& means) {
  const bool missing = (changes_members(action.kind) && !means.membership) ||
                       (action.kind == ActionKind::Transfer && !means.transfer);
  if (!missing) return base::Done{};
  const bool nothing = !means.membership && !means.transfer;
  return cannot(rule, describe(action) + ": the target " +
                          (nothing ? "can neither change its members nor hand over leadership"
                                   : "cannot do that"));
}

base::Status check_deed(const Rule& rule, const Action& action, wire::Protocol protocol) {
  const auto deed = deed_of(action.kind);
  if (!deed) return base::Done{};
  for (const wire::MessageType type : rule.when.types) {
    if (!wire::speaks(protocol, type)) continue;
    const base::Status possible = wire::supports(protocol, *deed, type);
    if (possible.ok()) continue;
    return cannot(rule, describe(action) + " a message of type " + std::string(wire::name(type)) +
                            ": " + possible.error().message);
  }
  return base::Done{};
}

base::Status check_rule(const Rule& rule, wire::Protocol protocol, const Means& means) {
  const auto spoken = [protocol](wire::MessageType type) { return wire::speaks(protocol, type); };
  const std::vector<wire::MessageType>& types = rule.when.types;
  if (rule.require && !types.empty() && std::ranges::none_of(types, spoken)) {
    return base::Error{base::ErrorCode::Unavailable,
                       "rule '" + rule.name + "' must fire, but nodes that speak " +
                           std::string(wire::name(protocol)) + " send no " +
                           std::string(wire::name(types.front()))};
  }
  for (const Action& action : rule.actions) {
    const bool breaks = action.kind == ActionKind::Close || action.kind == ActionKind::Reset;
    if (breaks && !means.connections) {
      return cannot(rule, describe(action) + ": messages come in datagrams, not on a connection");
    }
    TRY([[maybe_unused]] base::Done done, check_members(rule, action, means));
    TRY(done, check_deed(rule, action, protocol));
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
