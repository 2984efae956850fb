// SPDX-License-Identifier: Apache-2.0
#include "os/budget.h"

#include <gtest/gtest.h>

#include <optional>

namespace os {
namespace {

TEST(Budget, IsWhatAllSharesHaveTogether) {
  Budget budget(100);
  BudgetShare one(budget);
  std::optional<BudgetShare> two(std::in_place, budget);
  one.set(60);
  two->set(30);
  EXPECT_EQ(budget.left_bytes(), 10U);
  EXPECT_FALSE(one.is_used_up());
  EXPECT_FALSE(one.is_used_up(69));
  EXPECT_TRUE(one.is_used_up(70));
  one.set(80);  // Overdrawn: for all.
  EXPECT_EQ(budget.left_bytes(), 0U);
  EXPECT_TRUE(two->is_used_up());
  EXPECT_TRUE(two->is_used_up(20));
  EXPECT_FALSE(two->is_used_up(19));
  two.reset();
  EXPECT_EQ(budget.used_bytes(), 80U);
  one.set(0);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace os
