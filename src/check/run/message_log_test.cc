// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "check/run/run_directory.h"

namespace check::run {
namespace {

wire::Observation numbered(std::uint64_t id) {
  return {.id = id,
          .from = {1},
          .to = {2},
          .message = {.type = wire::MessageType::AppendEntries, .term = wire::Term(id)}};
}

class MessageLogTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ =
      (std::filesystem::temp_directory_path() / ("messages-" + std::to_string(getpid()))).string();
  faults::Stop stop_;
};

TEST_F(MessageLogTest, EveryMessageIsALineInTheOrderItCame) {
  auto log = MessageLog::create(path_, stop_);
  ASSERT_TRUE(log.ok()) << log.error().message;
  std::string expected;
  for (std::uint64_t id = 1; id <= 5000; ++id) {
    log.value()->append(numbered(id));
    wire::append_line(expected, numbered(id));
  }
  log.value()->close();
  EXPECT_EQ(log.value()->counts().saved, 5000U);
  EXPECT_EQ(log.value()->counts().lost, 0U);
  EXPECT_EQ(read_file(path_).value(), expected);
  EXPECT_FALSE(stop_.requested());
}

TEST_F(MessageLogTest, WhatHasNoRoomIsCountedAndNothingComesBehindIt) {
  std::string two;
  wire::append_line(two, numbered(1));
  wire::append_line(two, numbered(2));
  auto log = MessageLog::create(path_, stop_, two.size());
  ASSERT_TRUE(log.ok()) << log.error().message;
  for (std::uint64_t id = 1; id <= 5; ++id) log.value()->append(numbered(id));
  log.value()->close();
  EXPECT_EQ(log.value()->counts().saved, 2U);
  EXPECT_EQ(log.value()->counts().lost, 3U);
  EXPECT_EQ(read_file(path_).value(), two);
}

}  // namespace
}  // namespace check::run
