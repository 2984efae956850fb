// SPDX-License-Identifier: Apache-2.0
#include "os/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <functional>

namespace os {
namespace {

class Call : public Handler {
 public:
  explicit Call(std::function<void(Ready)> action) : action_(std::move(action)) {}
  void on_ready(Ready ready) override { action_(ready); }

 private:
  std::function<void(Ready)> action_;
};

struct Pair {
  Pair() {
    std::array<int, 2> numbers{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, numbers.data()), 0);
    near = Fd(numbers[0]);
    far = Fd(numbers[1]);
  }
  Fd near;
  Fd far;
};

constexpr std::chrono::seconds kLong(10);

TEST(Loop, CallsTheHandlerOfWhatIsReady) {
  auto loop = std::move(Loop::make()).value();
  Pair pair;
  int calls = 0;
  Call handler([&](Ready ready) { calls += ready.read && !ready.write ? 1 : 100; });
  const Loop::Watch watch = loop->add(pair.near.number(), Loop::Interest::Read, handler);
  ASSERT_TRUE(loop->turn(std::chrono::nanoseconds(0)).ok());
  EXPECT_EQ(calls, 0);
  ASSERT_EQ(write(pair.far.number(), "x", 1), 1);
  ASSERT_TRUE(loop->turn(kLong).ok());
  EXPECT_EQ(calls, 1);
  loop->change(watch, Loop::Interest::Nothing);
  ASSERT_TRUE(loop->turn(std::chrono::nanoseconds(0)).ok());
  EXPECT_EQ(calls, 1);
}

TEST(Loop, DropsEventsOfAWatchThatAHandlerRemovedInTheSameTurn) {
  auto loop = std::move(Loop::make()).value();
  Pair one;
  Pair two;
  int calls = 0;
  Loop::Watch first{};
  Loop::Watch second{};
  // Whichever is called first removes both, and adds a new watch that may take a freed slot.
  Pair three;
  Call late([&](Ready) { calls += 100; });
  Call handler([&](Ready) {
    ++calls;
    loop->remove(first);
    loop->remove(second);
    loop->add(three.near.number(), Loop::Interest::Read, late);
  });
  first = loop->add(one.near.number(), Loop::Interest::Read, handler);
  second = loop->add(two.near.number(), Loop::Interest::Read, handler);
  ASSERT_EQ(write(one.far.number(), "x", 1), 1);
  ASSERT_EQ(write(two.far.number(), "x", 1), 1);
  ASSERT_TRUE(loop->turn(kLong).ok());
  EXPECT_EQ(calls, 1);
}

TEST(Loop, ShowsAHangUpAsReadable) {
  auto loop = std::move(Loop::make()).value();
  Pair pair;
  bool readable = false;
  Call handler([&](Ready ready) { readable = ready.read; });
  loop->add(pair.near.number(), Loop::Interest::Read, handler);
  pair.far.close();
  ASSERT_TRUE(loop->turn(kLong).ok());
  EXPECT_TRUE(readable);
}

}  // namespace
}  // namespace os
