// SPDX-License-Identifier: Apache-2.0
#include "transport/unreliable.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace transport {
namespace {

constexpr int kCount = 10'000;

// What becomes of the numbers 0..kCount-1, as texts.
std::vector<std::string> pass_all(const Unreliable::Rates& rates) {
  Unreliable network(rates);
  std::vector<std::string> arrived;
  for (int i = 0; i < kCount; ++i) {
    for (auto& datagram : network.pass({{}, std::to_string(i)})) arrived.push_back(datagram.bytes);
  }
  return arrived;
}

// How many of those that arrived are not what was sent at that place.
int different(const std::vector<std::string>& arrived) {
  int count = 0;
  for (std::size_t i = 0; i < arrived.size(); ++i) {
    if (arrived[i] != std::to_string(i)) ++count;
  }
  return count;
}

TEST(Unreliable, DoesNothingAtRatesOfZero) {
  const std::vector<std::string> arrived = pass_all({});
  EXPECT_EQ(arrived.size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(different(arrived), 0);
}

TEST(Unreliable, LosesDoublesAndChangesTheSharesItIsTold) {
  EXPECT_NEAR(static_cast<double>(pass_all({0.2, 0, 0, 0, 1}).size()), 0.8 * kCount, 0.02 * kCount);
  EXPECT_NEAR(static_cast<double>(pass_all({0, 0.2, 0, 0, 1}).size()), 1.2 * kCount, 0.02 * kCount);
  EXPECT_NEAR(different(pass_all({0, 0, 0, 0.2, 1})), 0.2 * kCount, 0.02 * kCount);
}

TEST(Unreliable, LetsLaterOnesOvertakeAndLosesNone) {
  std::vector<std::string> arrived = pass_all({0, 0, 0.2, 0, 1});
  EXPECT_NEAR(different(arrived), 2 * 0.2 / 1.2 * kCount, 0.05 * kCount);  // Pairs, exchanged.
  std::ranges::sort(arrived);
  EXPECT_EQ(std::ranges::adjacent_find(arrived), arrived.end());
  EXPECT_GE(arrived.size() + 1, static_cast<std::size_t>(kCount));  // One may be held still.
}

}  // namespace
}  // namespace transport
