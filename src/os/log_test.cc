// SPDX-License-Identifier: Apache-2.0
#include "os/log.h"

#include <gtest/gtest.h>

namespace os {
namespace {

constexpr std::string_view kTime = "2026-05-01T12:00:00.000000Z";

TEST(Log, HasOneLineAnEventForPeople) {
  EXPECT_EQ(text_line({kTime, 1, "raft", "role=leader term=3"}),
            "2026-05-01T12:00:00.000000Z n1 raft role=leader term=3");
}

TEST(Log, HasOneObjectAnEventForPrograms) {
  const std::string fields =
      "role=leader term=3 to=127.0.0.1:7 reason=" + quoted("no \"x\" 5") + " last=007";
  EXPECT_EQ(json_line({kTime, 1, "raft", fields}),
            R"({"time":"2026-05-01T12:00:00.000000Z","node":1,"event":"raft","role":"leader",)"
            R"("term":3,"to":"127.0.0.1:7","reason":"no 'x' 5","last":7})");
  EXPECT_EQ(json_line({kTime, 1, "stop", ""}),
            R"({"time":"2026-05-01T12:00:00.000000Z","node":1,"event":"stop"})");
  EXPECT_EQ(
      json_line({kTime, 1, "odd", "a= b c=\"5\" d="}),
      R"({"time":"2026-05-01T12:00:00.000000Z","node":1,"event":"odd","a":"","b c":"5","d":""})");
}

}  // namespace
}  // namespace os
