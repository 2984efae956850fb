// SPDX-License-Identifier: Apache-2.0
#include "os/background.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

#include "os/no_threads.h"

namespace os {
namespace {

TEST(Background, DoesOneJobAfterTheOther) {
  std::vector<int> done;  // Of the thread, until it ends.
  std::promise<void> may_begin;
  {
    Background background;
    const auto first = background.start([&] {
      may_begin.get_future().wait();
      done.push_back(1);
      return 5;
    });
    const auto second = background.start([&] {
      done.push_back(2);
      return 0;
    });
    EXPECT_FALSE(first->is_over());
    EXPECT_FALSE(second->is_over());
    may_begin.set_value();
    while (!second->is_over()) std::this_thread::yield();
    EXPECT_TRUE(first->is_over());
    EXPECT_EQ(first->failure(), 5);
    EXPECT_EQ(second->failure(), 0);
  }
  EXPECT_EQ(done, (std::vector<int>{1, 2}));
}

TEST(Background, ItsEndWaitsForAllJobs) {
  int done = 0;
  {
    Background background;
    for (int i = 0; i < 100; ++i) background.start([&] { return ++done, 0; });
  }
  EXPECT_EQ(done, 100);
}

TEST(Background, DoesAJobAtOnceWhileNoThreadCanBeHad) {
  Background background;
  std::optional<NoThreads> none(std::in_place);
  const auto here = std::this_thread::get_id();
  std::thread::id where;
  const auto job = [&] {
    where = std::this_thread::get_id();
    return 5;
  };
  const auto first = background.start(job);
  ASSERT_TRUE(first->is_over());
  EXPECT_EQ(first->failure(), 5);
  EXPECT_EQ(where, here);
  none.reset();
  const auto second = background.start(job);
  while (!second->is_over()) std::this_thread::yield();
  EXPECT_NE(where, here);
}

TEST(Background, NeedsNoThreadForNothing) { const Background background; }

}  // namespace
}  // namespace os
