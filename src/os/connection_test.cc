// SPDX-License-Identifier: Apache-2.0
#include "os/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

namespace os {
namespace {

struct Ends {
  Ends() {
    std::array<int, 2> numbers{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, numbers.data()), 0);
    near = std::make_unique<Connection>(Fd(numbers[0]));
    far = std::make_unique<Connection>(Fd(numbers[1]));
  }
  std::unique_ptr<Connection> near;
  std::unique_ptr<Connection> far;
};

TEST(Connection, KeepsWhatTheKernelDoesNotTakeAndSendsItLater) {
  Ends ends;
  std::string sent;
  for (int i = 0; i < 1'000'000; ++i) sent += std::to_string(i);
  ends.near->output() += sent;
  ASSERT_TRUE(ends.near->flush());
  EXPECT_GT(ends.near->output_bytes(), 0U);
  std::string got;
  while (got.size() < sent.size()) {
    ASSERT_TRUE(ends.far->receive());
    const std::size_t half = (ends.far->input().size() + 1) / 2;  // Parsers leave rests.
    got += ends.far->input().substr(0, half);
    ends.far->consume(half);
    ASSERT_TRUE(ends.near->flush());
  }
  EXPECT_EQ(got, sent);
  EXPECT_EQ(ends.near->output_bytes(), 0U);
}

TEST(Connection, KeepsARestWhileAnotherOneReceives) {
  Ends one;
  Ends other;
  one.far->output() += "abc";
  other.far->output() += "xyz";
  ASSERT_TRUE(one.far->flush() && other.far->flush());
  ASSERT_TRUE(one.near->receive() && other.near->receive());
  EXPECT_EQ(one.near->input(), "abc");
  one.near->consume(1);
  Connection moved(std::move(*other.near));
  EXPECT_EQ(moved.input(), "xyz");
  one.far->output() += "def";
  ASSERT_TRUE(one.far->flush() && one.near->receive());
  EXPECT_EQ(one.near->input(), "bcdef");
}

TEST(Connection, SaysWhatHasArrivedWithoutTakingIt) {
  using Arrived = Connection::Arrived;
  Ends ends;
  EXPECT_EQ(ends.near->arrived(), Arrived::Nothing);
  ends.far->output() += "abc";
  ASSERT_TRUE(ends.far->flush());
  ends.far.reset();
  EXPECT_EQ(ends.near->arrived(), Arrived::Something);
  ASSERT_TRUE(ends.near->receive());
  EXPECT_EQ(ends.near->input(), "abc");
  EXPECT_EQ(ends.near->arrived(), Arrived::TheEnd);
}

TEST(Connection, SaysWhatThePeerDidNotTake) {
  Ends ends;
  EXPECT_EQ(ends.near->unacknowledged_bytes(), 0U);
  const std::size_t sent = std::size_t{32} << 20U;  // More than kernels hold.
  ends.near->output().assign(sent, 'x');
  EXPECT_EQ(ends.near->unacknowledged_bytes(), sent);
  ASSERT_TRUE(ends.near->flush());
  EXPECT_GE(ends.near->unacknowledged_bytes(), ends.near->output_bytes());
  for (std::size_t got = 0; got < sent;) {
    ASSERT_TRUE(ends.near->flush() && ends.far->receive());
    got += ends.far->input().size();
    ends.far->consume(ends.far->input().size());
  }
  EXPECT_EQ(ends.near->unacknowledged_bytes(), 0U);
}

TEST(Connection, SaysThatThePeerIsGone) {
  Ends ends;
  EXPECT_TRUE(ends.near->receive());  // Nothing there yet is no failure.
  ends.far.reset();
  EXPECT_FALSE(ends.near->receive());
  ends.near->output() += "x";
  EXPECT_FALSE(ends.near->flush());
}

}  // namespace
}  // namespace os
