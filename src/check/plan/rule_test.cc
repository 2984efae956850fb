// SPDX-License-Identifier: Apache-2.0
#include "check/plan/rule.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "check/plan/plan.h"
#include "check/plan/rule_check.h"
#include "check/plan/rule_words.h"
#include "golden/golden.h"

namespace check::plan {
namespace {

Value text(const std::string& value, std::uint32_t column) { return {value, {7, column}}; }

Entry entry(const std::string& key, Value value) {
  const Position at{7, value.at.column - 1};
  return {{key, at}, std::move(value)};
}

// One rule of the two keys that vary.
base::Result<std::vector<Rule>> rules_of(Table when, const std::string& action) {
  Array actions;
  if (!action.empty()) actions.push_back(text(action, 50));
  Table rule = {entry("name", text("r", 9)), entry("when", {std::move(when), {7, 20}}),
                entry("do", {std::move(actions), {7, 49}})};
  const Document document{"mine.toml", {}};
  return read_rules(document, {Array{Value{std::move(rule), {6, 1}}}, {6, 1}});
}

std::string outcome(const base::Result<std::vector<Rule>>& rules) {
  return rules.ok() ? write_rule(rules.value().front()) : rules.error().message;
}

TEST(Action, IsReadAndWrittenAsInTheGoldenFile) {
  golden::run_blocks(TESTDATA "/actions.txt", [](const golden::Block& lines) {
    const auto action = parse_action(lines.front());
    return action.ok() ? describe(action.value()) : action.error().message;
  });
}

TEST(Action, EveryWordIsReadBackFromItsDescription) {
  for (const ActionWord& known : action_words()) {
    std::string text(known.word);
    std::string arguments(known.arguments.substr(0, known.arguments.find(" |")));
    for (const auto& [from, to] : {std::pair{"WHO WHO", "a.from a.to"},
                                   {"WHO", "a.from"},
                                   {"LENGTH", "0.25"},
                                   {"FIELD", "term"},
                                   {"VALUE", "+3"},
                                   {"CHANGE", "-0.5"}}) {
      for (auto at = arguments.find(from); at != std::string::npos; at = arguments.find(from)) {
        arguments.replace(at, std::string(from).size(), to);
      }
    }
    if (!arguments.empty()) text += " " + arguments;
    const auto action = parse_action(text);
    ASSERT_TRUE(action.ok()) << text << ": " << action.error().message;
    EXPECT_EQ(describe(action.value()), text);
  }
}

TEST(Rule, IsWrittenAsItIsRead) {
  const auto rules = rules_of(
      {entry("type", text("AppendReply", 30)), entry("from", text("follower", 31)),
       entry("to", text("leader", 32)), entry("index", text(">=57", 33)),
       entry("term", text("<r.term", 34)), entry("success", {true, {7, 35}}),
       entry("nth", {std::int64_t{3}, {7, 36}}), entry("wait", {Thousandths{1500}, {7, 37}})},
      "kill from");
  EXPECT_EQ(
      outcome(rules),
      "\n[[rule]]\nname = \"r\"\nwhen = { type = \"AppendReply\", from = \"follower\", to = "
      "\"leader\", index = \">=57\", term = \"<r.term\", success = true, nth = 3, wait = 1.500 }"
      "\ndo = [\"kill from\"]\n");
}

TEST(Rule, MayWaitForAnEntryFarBehindAnothers) {
  EXPECT_EQ(outcome(rules_of({entry("type", text("AppendEntries", 30)),
                              entry("index", text(">r.index+6000", 31)),
                              entry("kind", text("configuration", 32))},
                             "")),
            "\n[[rule]]\nname = \"r\"\nwhen = { type = \"AppendEntries\", index = "
            "\">r.index+6000\", kind = \"configuration\" }\n");
  EXPECT_FALSE(parse_relation(">r.index+").ok());
  EXPECT_FALSE(parse_relation(">r.index+x").ok());
  EXPECT_FALSE(parse_relation(">r.index+99999999999").ok());
}

TEST(Rule, AsksOnlyForWhatTheTargetCanDo) {
  const auto refusal = [](const std::string& action, const Means& means) {
    const auto rules = rules_of({entry("type", text("AppendEntries", 30))}, action);
    const base::Status checked = check_rules(rules.value(), wire::Protocol::Etcd, means);
    return checked.ok() ? "" : checked.error().message;
  };
  EXPECT_EQ(refusal("remove to", {.membership = true, .transfer = false}), "");
  EXPECT_EQ(refusal("transfer to", {.membership = false, .transfer = true}), "");
  EXPECT_EQ(refusal("transfer to", {.membership = true, .transfer = false}),
            "rule 'r' cannot transfer to: the target cannot do that");
  EXPECT_EQ(refusal("reset", {}), "");
  EXPECT_EQ(refusal("reset", {.connections = false}),
            "rule 'r' cannot reset: messages come in datagrams, not on a connection");
  EXPECT_EQ(refusal("add to", {}),
            "rule 'r' cannot add to: the target can neither change its members nor hand over "
            "leadership");
}

TEST(Rule, NamesThePlaceAndTheNearestWord) {
  EXPECT_EQ(outcome(rules_of({entry("type", text("AppendRepli", 30))}, "drop")),
            "mine.toml:7:30: unknown type of message 'AppendRepli'; did you mean 'AppendReply'? "
            "(there are RequestVote, RequestVoteReply, PreVote, PreVoteReply, AppendEntries, "
            "AppendReply, Heartbeat, HeartbeatReply, InstallSnapshot, SnapshotReply, TimeoutNow, "
            "ReadIndex, ReadIndexReply, Propose, ProposeReply, Other)");
  EXPECT_EQ(outcome(rules_of({entry("form", text("leader", 30))}, "")),
            "mine.toml:7:29: unknown key 'form' in 'when'; did you mean 'from'?");
  EXPECT_EQ(outcome(rules_of({entry("from", text("laeder", 30))}, "")),
            "mine.toml:7:30: unknown node 'laeder'; did you mean 'leader'?");
  EXPECT_EQ(outcome(rules_of({}, "drop")),
            "mine.toml:7:50: \"drop\" needs a message: give 'when' a 'type'");
  EXPECT_EQ(outcome(rules_of({}, "kill from")),
            "mine.toml:7:50: \"kill from\" needs a message: give 'when' a 'type'");
  EXPECT_EQ(outcome(rules_of({entry("after", text("rr", 30))}, "kill leader")),
            "mine.toml:6:1: rule 'r' names a rule 'rr' that does not exist; did you mean 'r'?");
  EXPECT_EQ(outcome(rules_of({entry("after", text("r", 30))}, "kill leader")),
            "mine.toml:6:1: rule 'r' can never fire: what it comes after waits for it");
  EXPECT_EQ(outcome(rules_of({entry("index", text(">x", 30))}, "")),
            "mine.toml:7:30: \">x\" is no relation; one is written \">=57\" or \"=RULE.index\" "
            "or \">RULE.index+6000\" (index, term or context)");
  EXPECT_EQ(outcome(rules_of({entry("type", text("AppendEntries", 30)),
                              entry("kind", text("configuratoin", 31))},
                             "")),
            "mine.toml:7:31: unknown kind of entry 'configuratoin'; did you mean 'configuration'? "
            "(there are command, noop, configuration, other)");
}

TEST(Rule, ThatDoesNothingOrCanNeverFireIsRefused) {
  EXPECT_EQ(outcome(rules_of({entry("type", {Array{}, {7, 30}})}, "drop")),
            "mine.toml:7:30: 'type' is a list of nothing");
  EXPECT_EQ(
      outcome(rules_of(
          {entry("type", text("AppendEntries", 30)), entry("success", {true, {7, 35}})}, "drop")),
      "mine.toml:7:35: 'success' is of a reply, and no 'type' here is one");
  EXPECT_EQ(outcome(rules_of({entry("index", text(">=57", 30))}, "kill leader")),
            "mine.toml:7:30: 'index' is about a message: give 'when' a 'type'");
  EXPECT_EQ(outcome(rules_of({entry("type", text("AppendEntries", 30))}, "hold until r")),
            "mine.toml:6:1: rule 'r' holds a message until it has fired itself, which it has by "
            "then");
}

}  // namespace
}  // namespace check::plan
