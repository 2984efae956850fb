// SPDX-License-Identifier: Apache-2.0
#include "check/verdict/known.h"

#include <gtest/gtest.h>

#include <string>

namespace check::verdict {
namespace {

const KnownBug kBug = {
    "X-1", "votes twice", "one-vote", {"3.4.20..3.4.41", "0.3"}, "node * voted (message *)"};

Finding found(std::string checker, std::string sentence) {
  return {std::move(checker), Verdict::Invalid, std::move(sentence), {}, std::nullopt};
}

TEST(Wildcard, FitsTheWholeText) {
  EXPECT_TRUE(fits("", ""));
  EXPECT_TRUE(fits("*", ""));
  EXPECT_TRUE(fits("a*b", "ab"));
  EXPECT_TRUE(fits("a*b", "abab"));
  EXPECT_TRUE(fits("a*b*c", "a b c b c"));
  EXPECT_FALSE(fits("a*b", "abc"));
  EXPECT_FALSE(fits("a*b", "xab"));
  EXPECT_FALSE(fits("", "a"));
  EXPECT_FALSE(fits("a", ""));
}

TEST(Wildcard, NeverPassesOverAParenthesis) {
  EXPECT_TRUE(fits("a (*)* c", "a (1) b c"));
  EXPECT_FALSE(fits("a*", "a (2 other keys went wrong, too)"));
  EXPECT_FALSE(fits("a (*)", "a (1) (2)"));
  EXPECT_FALSE(fits("*a", "(a"));
}

TEST(Wildcard, IsQuickOnWhatNearlyFits) {
  std::string wildcard;
  for (int i = 0; i < 100; ++i) wildcard += "a*";
  EXPECT_FALSE(fits(wildcard + 'b', std::string(10'000, 'a')));
}

TEST(Versions, ARangeHoldsItsEnds) {
  EXPECT_TRUE(in_versions("3.4.20..3.4.41", "3.4.20"));
  EXPECT_TRUE(in_versions("3.4.20..3.4.41", "3.4.41"));
  EXPECT_TRUE(in_versions("2.9.10..2.10.9", "nats-server: v2.10.2"));
  EXPECT_FALSE(in_versions("3.4.20..3.4.41", "3.4.19"));
  EXPECT_FALSE(in_versions("3.4.20..3.4.41", "3.4.42"));
  EXPECT_FALSE(in_versions("3.4.20..3.4.41", "3.4.41.1"));
  EXPECT_FALSE(in_versions("2.9.10..2.10.9", "nats-server: v2.9.9"));
}

TEST(Versions, APrefixEndsBetweenNumbers) {
  EXPECT_TRUE(in_versions("0.3", "PySyncObj 0.3.11"));
  EXPECT_TRUE(in_versions("0.3", "0.3"));
  EXPECT_FALSE(in_versions("0.3", "0.31.1"));
  EXPECT_FALSE(in_versions("0.3.1", "0.3.11"));
}

TEST(Versions, WhatCannotBeReadIsInNone) {
  for (const char* version : {"", "unknown", "3.4.20-rc.1", "3.4.", "3..4", "3.4.9999999999"}) {
    EXPECT_FALSE(in_versions("0..99", version)) << version;
  }
  for (const char* word : {"", "x", "3.", "3.4..", "..3", "3.4.5..3.4.4", "3.4...3.5", "3-4"}) {
    EXPECT_FALSE(is_versions(word)) << word;
  }
}

TEST(KnownBug, IsWhatItsCheckerSentenceAndVersionSay) {
  EXPECT_TRUE(is_of(kBug, found("one-vote", "node 2 voted (message 7)"), "3.4.23"));
  EXPECT_FALSE(is_of(kBug, found("terms", "node 2 voted (message 7)"), "3.4.23"));
  EXPECT_FALSE(is_of(kBug, found("one-vote", "node 2 voted again (message 7)"), "3.4.23"));
  EXPECT_FALSE(is_of(kBug, found("one-vote", "node 2 voted (message 7)"), "3.4.42"));
  Finding doubted = found("one-vote", "node 2 voted (message 7)");
  doubted.verdict = Verdict::Unknown;
  EXPECT_FALSE(is_of(kBug, doubted, "3.4.23"));
}

TEST(KnownBug, MayHaveHappenedOften) {
  const auto is = [](const std::string& end) {
    return is_of(kBug, found("one-vote", "node 2 voted (message 7)" + end), "3.4.23");
  };
  EXPECT_TRUE(is(" (and 12 more of the same)"));
  EXPECT_FALSE(is(" (and  more of the same)"));
  EXPECT_FALSE(is(" (and more of the same)"));
  EXPECT_FALSE(is(" (12 more violations are not listed)"));
  EXPECT_FALSE(is(" (and 12 more of the same) (12 more violations are not listed)"));
}

TEST(KnownBugs, HideNothingElse) {
  std::vector<Finding> findings = {found("one-vote", "node 2 voted (message 7)"),
                                   {"linear", Verdict::Valid, "", {}, std::nullopt}};
  EXPECT_EQ(beside_known(findings), Verdict::Invalid);
  mark_known(findings, std::vector{kBug}, "3.4.23");
  EXPECT_EQ(findings[0].known, "X-1");
  EXPECT_FALSE(findings[1].known);
  EXPECT_EQ(beside_known(findings), Verdict::Valid);
  EXPECT_EQ(joined(findings), Verdict::Invalid);

  findings.push_back(found("one-vote", "node 2 asked (message 7)"));
  mark_known(findings, std::vector{kBug}, "3.4.23");
  EXPECT_FALSE(findings[2].known);
  EXPECT_EQ(beside_known(findings), Verdict::Invalid);

  findings[2].verdict = Verdict::Unknown;
  EXPECT_EQ(beside_known(findings), Verdict::Unknown);
}

}  // namespace
}  // namespace check::verdict
