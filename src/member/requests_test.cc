// SPDX-License-Identifier: Apache-2.0
#include "member/requests.h"

#include <gtest/gtest.h>

#include <vector>

namespace member {
namespace {

TEST(Requests, AreFoundUntilTheyAreTakenInWhateverOrder) {
  Requests<int> requests;
  for (std::uint64_t id = 5; id < 10; ++id) requests.add(id, static_cast<int>(id));
  EXPECT_EQ(*requests.find(7), 7);
  EXPECT_EQ(requests.take(7), 7);
  EXPECT_EQ(requests.take(7), std::nullopt);
  EXPECT_EQ(requests.find(7), nullptr);
  EXPECT_EQ(requests.take(5), 5);
  EXPECT_EQ(requests.find(4), nullptr);
  EXPECT_EQ(requests.find(10), nullptr);
  std::vector<std::uint64_t> left;
  requests.visit([&](std::uint64_t id, int) { left.push_back(id); });
  EXPECT_EQ(left, (std::vector<std::uint64_t>{6, 8, 9}));
  for (const std::uint64_t id : left) EXPECT_TRUE(requests.take(id).has_value());
  requests.add(10, 10);
  EXPECT_EQ(requests.take(10), 10);
}

// So that one that nobody answers costs no more than itself.
TEST(Requests, OneThatWaitsLongIsSetAside) {
  Requests<int> requests;
  requests.add(1, 1);
  for (std::uint64_t id = 2; id < 5000; ++id) {
    requests.add(id, 2);
    if (id % 1000 != 0) requests.take(id);
  }
  std::vector<std::uint64_t> left;
  requests.visit([&](std::uint64_t id, int) { left.push_back(id); });
  EXPECT_EQ(left, (std::vector<std::uint64_t>{1, 1000, 2000, 3000, 4000}));
  EXPECT_EQ(requests.take(1), 1);
  EXPECT_EQ(requests.take(1), std::nullopt);
  EXPECT_EQ(requests.take(4000), 2);
}

}  // namespace
}  // namespace member
