// SPDX-License-Identifier: Apache-2.0
#include "check/plan/rule_check.h"

namespace check::plan {

base::Status check_rules(const std::vector<Rule>& rules, wire::Protocol protocol) {
  for (const Rule& rule : rules) {
    for (const Action& action : rule.actions) {
      const auto deed = deed_of(action.kind);
      if (!deed) continue;
      for (const wire::MessageType type : rule.when.types) {
        const base::Status possible = wire::supports(protocol, *deed, type);
        if (possible.ok()) continue;
        return base::Error{base::ErrorCode::InvalidArgument,
                           "rule '" + rule.name + "' cannot " + describe(action) + " a " +
                               std::string(wire::name(type)) + " of " +
                               std::string(wire::name(protocol)) + ": " + possible.error().message};
      }
    }
  }
  return base::Done{};
}

}  // namespace check::plan
