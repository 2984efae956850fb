// SPDX-License-Identifier: Apache-2.0
// Whether what rules ask for can be done to a protocol's messages: known before a node starts.
#pragma once

#include <vector>

#include "base/result.h"
#include "check/plan/rule.h"
#include "check/wire/protocol.h"

namespace check::plan {

// What the system can do by its own means.
struct Means {
  bool membership = false;  // Add and remove members.
  bool transfer = false;    // Hand over leadership.
  bool connections = true;  // Its messages go over connections, not in datagrams.
};

// The error names the rule and the reason.
base::Status check_rules(const std::vector<Rule>& rules, wire::Protocol protocol,
                         const Means& means);

}  // namespace check::plan
