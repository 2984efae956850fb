// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace base {
namespace {

const std::vector<std::string> kChoices = {"check", "analyse", "list", "partition", "ok"};

TEST(Nearest, FindsTheWordOneSlipAway) {
  EXPECT_EQ(nearest("chekc", kChoices), "check");      // Swapped neighbours.
  EXPECT_EQ(nearest("analyze", kChoices), "analyse");  // Replaced.
  EXPECT_EQ(nearest("lst", kChoices), "list");         // Missing.
  EXPECT_EQ(nearest("partittion", kChoices), "partition");
  EXPECT_EQ(nearest("list", kChoices), "list");
}

TEST(Nearest, IsSilentRatherThanSilly) {
  EXPECT_EQ(nearest("", kChoices), std::nullopt);
  EXPECT_EQ(nearest("frobnicate", kChoices), std::nullopt);
  EXPECT_EQ(nearest("x", kChoices), std::nullopt);  // Every letter replaced is not "near".
  EXPECT_EQ(nearest(std::string(100000, 'a'), kChoices), std::nullopt);
  EXPECT_EQ(nearest("word", {}), std::nullopt);
}

TEST(Nearest, PrefersTheFirstOfEquals) {
  const std::vector<std::string> twins = {"node1", "node2"};
  EXPECT_EQ(nearest("node", twins), "node1");
}

TEST(UnknownWord, IsNamedWithTheNearestAndAll) {
  const std::vector<std::string> plans = {"none", "standard"};
  EXPECT_EQ(unknown_word("plan", "standart", plans),
            "unknown plan 'standart'; did you mean 'standard'? (there are none, standard)");
  EXPECT_EQ(unknown_word("plan", "frobnicate", plans),
            "unknown plan 'frobnicate' (there are none, standard)");
}

TEST(DidYouMean, EndsASentence) {
  EXPECT_EQ(did_you_mean("chekc", kChoices), "; did you mean 'check'?");
  EXPECT_EQ(did_you_mean("frobnicate", kChoices), "");
}

}  // namespace
}  // namespace base
