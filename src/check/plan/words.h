// SPDX-License-Identifier: Apache-2.0
// The words of the rules' language for who writes a plan in C++ instead of TOML: a Rule is a struct
// to fill in, and these make its parts. The text of the plan is what a run takes.
//
//   plan.rules = {
//       {.name = "strike",                              // [[rule]] name = "strike"
//        .when = {.types = {wire::MessageType::AppendReply},
//                 .from = follower(), .to = leader(),
//                 .index = at_least(57), .nth = 3},
//        .actions = {drop(), kill(from()), wait(2000), start(from())},
//        .require = true},
//       {.name = "successor",
//        .when = {.types = {wire::MessageType::AppendEntries},
//                 .term = greater("strike", "term"), .after = {"strike"}},
//        .require = true}};
//   std::cout << write_plan(plan);                      // ./mine > mine.toml; --plan mine.toml
//
// Actions without a function of their own are structs likewise: {.kind = ActionKind::Heal}.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "check/plan/plan.h"
#include "check/plan/rule.h"

namespace check::plan {

inline Who leader() { return {.kind = Who::Kind::Leader}; }
inline Who candidate() { return {.kind = Who::Kind::Candidate}; }
// Of a message: any that follows. Of an action: the number-th after the leader.
inline Who follower(std::uint32_t number = 1) {
  return {.kind = Who::Kind::Follower, .number = number};
}
// Nodes count from 1.
inline Who node(std::uint32_t number) { return {.kind = Who::Kind::Node, .number = number}; }
inline Who all() { return {.kind = Who::Kind::Any}; }
// Sender, receiver of the last message for which `rule` fired; without a rule, of this one's.
inline Who from(std::string rule = {}) {
  return {.kind = Who::Kind::From, .rule = std::move(rule)};
}
inline Who to(std::string rule = {}) { return {.kind = Who::Kind::To, .rule = std::move(rule)}; }

// Against a number, or "index", "term", "context" of the last message for which `rule` fired.
inline Relation at_least(std::uint64_t value) {
  return {.sign = Relation::Sign::AtLeast, .value = value};
}
inline Relation equal(std::uint64_t value) {
  return {.sign = Relation::Sign::Equal, .value = value};
}
inline Relation related(Relation::Sign sign, std::string rule, std::string field) {
  return {.sign = sign, .rule = std::move(rule), .field = std::move(field)};
}
inline Relation greater(std::string rule, std::string field) {
  return related(Relation::Sign::Greater, std::move(rule), std::move(field));
}
inline Relation equal(std::string rule, std::string field) {
  return related(Relation::Sign::Equal, std::move(rule), std::move(field));
}

// To the message. Lengths are thousandths of the election timeout.
inline Action drop() { return {.kind = ActionKind::Drop}; }
inline Action duplicate() { return {.kind = ActionKind::Duplicate}; }
inline Action hold(std::uint32_t length) { return {.kind = ActionKind::Hold, .length = length}; }
inline Action hold_until(std::string rule) {
  return {.kind = ActionKind::Hold, .until = std::move(rule)};
}
// To nodes.
inline Action kill(Who who) { return {.kind = ActionKind::Kill, .who = std::move(who)}; }
inline Action start(Who who) { return {.kind = ActionKind::Start, .who = std::move(who)}; }
inline Action pause(Who who) { return {.kind = ActionKind::Pause, .who = std::move(who)}; }
inline Action resume(Who who) { return {.kind = ActionKind::Resume, .who = std::move(who)}; }
inline Action power_cut(Who who) { return {.kind = ActionKind::PowerCut, .who = std::move(who)}; }
inline Action kill_at_sync(Who who) {
  return {.kind = ActionKind::KillAtSync, .who = std::move(who)};
}
inline Action transfer(Who who) { return {.kind = ActionKind::Transfer, .who = std::move(who)}; }
inline Action remove(Who who) { return {.kind = ActionKind::Remove, .who = std::move(who)}; }
inline Action add(Who who) { return {.kind = ActionKind::Add, .who = std::move(who)}; }
// To the network.
inline Action cut(Who one, Who other) {
  return {.kind = ActionKind::Cut, .who = std::move(one), .other = std::move(other)};
}
inline Action isolate(Who who) { return {.kind = ActionKind::Isolate, .who = std::move(who)}; }
inline Action heal() { return {.kind = ActionKind::Heal}; }
inline Action wait(std::uint32_t length) { return {.kind = ActionKind::Wait, .length = length}; }
// The same, but not before the message was handed on.
inline Action after_delivery(Action action) {
  action.after_delivery = true;
  return action;
}

}  // namespace check::plan
