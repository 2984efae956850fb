// SPDX-License-Identifier: Apache-2.0
#include "check/rules/match.h"

#include <algorithm>

namespace check::rules {
namespace {

using plan::Relation;
using plan::Who;
using Number = std::optional<std::uint64_t>;
using Range = std::optional<std::pair<std::uint64_t, std::uint64_t>>;

template <class Ordinal>
Number number(const std::optional<Ordinal>& ordinal) {
  return ordinal ? Number(ordinal->value()) : std::nullopt;
}

Number right_side(const Relation& relation, const Marks& marks) {
  if (relation.rule.empty()) return relation.value;
  const Mark* mark = marks(relation.rule);
  if (mark == nullptr) return std::nullopt;
  Number number = mark->context;
  if (relation.field == "index") number = mark->index;
  if (relation.field == "term") number = mark->term;
  if (number) *number += relation.value;
  return number;
}

// Whether some number of the range has the relation; none if either side is not known.
bool holds(const std::optional<Relation>& relation, const Range& range, const Marks& marks) {
  if (!relation) return true;
  const Number right = right_side(*relation, marks);
  if (!right || !range) return false;
  const auto [least, most] = *range;
  switch (relation->sign) {
    case Relation::Sign::Less:
      return least < *right;
    case Relation::Sign::AtMost:
      return least <= *right;
    case Relation::Sign::Equal:
      return least <= *right && *right <= most;
    case Relation::Sign::Unequal:
      return least != *right || most != *right;
    case Relation::Sign::AtLeast:
      return most >= *right;
    case Relation::Sign::Greater:
      return most > *right;
  }
  return false;
}

bool holds(const std::optional<Relation>& relation, Number left, const Marks& marks) {
  return holds(relation, left ? Range({*left, *left}) : std::nullopt, marks);
}

bool carries(const wire::Message& message, wire::EntryKind kind) {
  return std::ranges::find(message.entries, kind, &wire::Entry::kind) != message.entries.end();
}

bool is(const Who& who, history::NodeId node, const Roles& roles, const Marks& marks) {
  switch (who.kind) {
    case Who::Kind::Any:
      return true;
    case Who::Kind::Leader:
      return roles.role(node) == Role::Leader;
    case Who::Kind::Follower:
      return roles.role(node) == Role::Follower;
    case Who::Kind::Candidate:
      return roles.role(node) == Role::Candidate;
    case Who::Kind::Node:
      return node.value == who.number;
    case Who::Kind::From:
    case Who::Kind::To: {
      const Mark* mark = marks(who.rule);
      return mark != nullptr && node == (who.kind == Who::Kind::From ? mark->from : mark->to);
    }
  }
  return false;
}

}  // namespace

Range message_range(const wire::Message& message) {
  if (!message.entries.empty()) {
    return {{message.entries.front().index.value(), message.entries.back().index.value()}};
  }
  for (const auto* index : {&message.match, &message.last_index, &message.prev_index}) {
    if (*index) return {{(*index)->value(), (*index)->value()}};
  }
  return std::nullopt;
}

Mark mark_of(const wire::Observation& seen) {
  const Range range = message_range(seen.message);
  return {.from = seen.from,
          .to = seen.to,
          .index = range ? Number(range->second) : std::nullopt,
          .term = number(seen.message.term),
          .context = seen.message.context};
}

bool matches(const plan::When& when, const wire::Observation& seen, const Roles& roles,
             const Marks& marks) {
  const wire::Message& message = seen.message;
  return std::ranges::find(when.types, message.type) != when.types.end() &&
         is(when.from, seen.from, roles, marks) && is(when.to, seen.to, roles, marks) &&
         (!when.success || message.success == when.success) &&
         (!when.kind || carries(message, *when.kind)) &&
         holds(when.index, message_range(message), marks) &&
         holds(when.term, number(message.term), marks) &&
         holds(when.commit, number(message.commit), marks) &&
         holds(when.entries, Number(message.entries.size()), marks) &&
         holds(when.context, message.context, marks);
}

}  // namespace check::rules
