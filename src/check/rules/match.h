// SPDX-License-Identifier: Apache-2.0
// Whether a message is one that a rule speaks of, given what other rules have seen before.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "check/plan/rule.h"
#include "check/rules/roles.h"
#include "check/wire/observation.h"

namespace check::rules {

// What a rule remembers of the message, or the moment, that it last fired for.
struct Mark {
  history::NodeId from;
  history::NodeId to;
  std::optional<std::uint64_t> index;  // The last one that the message is about.
  std::optional<std::uint64_t> term;
  std::optional<std::uint64_t> context;
};

// The mark of the rule of that name; null while it has not fired.
using Marks = std::function<const Mark*(const std::string& rule)>;

// The indices that a message is about: those of its entries, else what it acknowledges, else the
// end of the log or snapshot it tells of, else what it compares.
std::optional<std::pair<std::uint64_t, std::uint64_t>> message_range(const wire::Message& message);

Mark mark_of(const wire::Observation& seen);

// Requires: `roles` has observed `seen`.
bool matches(const plan::When& when, const wire::Observation& seen, const Roles& roles,
             const Marks& marks);

}  // namespace check::rules
