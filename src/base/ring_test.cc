// SPDX-License-Identifier: Apache-2.0
#include "base/ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "base/prng.h"

namespace base {
namespace {

TEST(Ring, IsAQueue) {
  constexpr std::uint64_t kSeed = 5;
  Prng prng(kSeed);
  Ring<std::string> ring;
  std::deque<std::string> queue;
  for (int i = 0; i < 10'000; ++i) {
    // Grows and shrinks by turns.
    if (prng.between(0, 99) < (i / 500 % 2 == 0 ? 60U : 40U)) {
      ring.push() = std::to_string(i);
      queue.push_back(std::to_string(i));
    } else if (!queue.empty()) {
      ring.pop_front();
      queue.pop_front();
    }
    ASSERT_EQ(ring.size(), queue.size());
    for (std::size_t at = 0; at < queue.size(); ++at) ASSERT_EQ(ring[at], queue[at]);
  }
}

TEST(Ring, HasTwoEndsAndIterators) {
  Ring<int> ring;
  for (int i = 0; i < 10; ++i) ring.push() = i;
  for (int i = 0; i < 7; ++i) ring.pop_front();
  for (int i = 10; i < 20; ++i) ring.push() = i;  // Goes around the end of the memory.
  ring.pop_back();
  EXPECT_EQ(ring.front(), 7);
  EXPECT_EQ(ring.back(), 18);
  int next = 7;
  for (const int element : ring) EXPECT_EQ(element, next++);
  EXPECT_EQ(next, 19);
  EXPECT_EQ(std::lower_bound(ring.begin(), ring.end(), 12) - ring.begin(), 5);
  ring.clear();
  EXPECT_TRUE(ring.begin() == ring.end());
}

TEST(Ring, IsCopiedAndMoved) {
  Ring<std::string> ring;
  for (int i = 0; i < 6; ++i) ring.push() = std::to_string(i);
  ring.pop_front();
  Ring<std::string> copy = ring;
  copy.push() = "6";
  EXPECT_EQ(ring.size(), 5U);
  EXPECT_EQ(ring.back(), "5");
  const Ring<std::string> moved = std::move(copy);
  EXPECT_EQ(moved.size(), 6U);
  EXPECT_EQ(moved.front(), "1");
  EXPECT_EQ(moved.back(), "6");
  copy = moved;
  ring = std::move(copy);
  EXPECT_EQ(ring.back(), "6");
  ring = Ring<std::string>();
  EXPECT_TRUE(ring.empty());
  ring.push() = "x";
  EXPECT_EQ(ring.front(), "x");
}

TEST(Ring, ShrinksToWhatIsInIt) {
  Ring<int> ring;
  for (int i = 0; i < 1000; ++i) ring.push() = i;
  for (int i = 0; i < 980; ++i) ring.pop_front();
  ring.shrink(100);
  EXPECT_EQ(ring.capacity(), 128U);
  ring.shrink(0);
  EXPECT_EQ(ring.capacity(), 32U);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ring[static_cast<std::size_t>(i)], 980 + i);
}

TEST(Ring, UsesItsPlacesAgain) {
  Ring<std::string> ring;
  for (int i = 0; i < 100; ++i) {
    ring.push() = std::string(100, 'x');
    ring.pop_front();
  }
  EXPECT_EQ(ring.capacity(), 4U);
  ring.release();
  EXPECT_EQ(ring.capacity(), 0U);
  ring.push() = "y";
  EXPECT_EQ(ring[0], "y");
}

TEST(RingDeathTest, HasNoFrontWhenEmpty) {
  Ring<int> ring;
  EXPECT_DEATH(ring.pop_front(), "CHECK failed");
}

}  // namespace
}  // namespace base
