// SPDX-License-Identifier: Apache-2.0
#include "resp/reply.h"

#include <gtest/gtest.h>

#include "resp/reply_writer.h"

namespace resp {
namespace {

using namespace std::string_view_literals;

std::string sample(Version version) {
  std::string bytes;
  ReplyWriter writer(version, bytes);
  writer.array(6);
  writer.status("OK");
  writer.error("ERR two\r\nlines");
  writer.integer(-7);
  writer.bulk(std::string_view("\0\r\n", 3));
  writer.nil();
  writer.map(1);
  writer.bulk("key");
  writer.integer(1);
  return bytes;
}

TEST(ReplyWriter, WritesNilAndMapAsTheVersionHasThem) {
  EXPECT_EQ(sample(Version::Two),
            "*6\r\n+OK\r\n-ERR two  lines\r\n:-7\r\n$3\r\n\0\r\n\r\n"
            "$-1\r\n*2\r\n$3\r\nkey\r\n:1\r\n"sv);
  EXPECT_NE(sample(Version::Three).find("_\r\n%1\r\n"), std::string::npos);
}

TEST(Reply, IsReadBackFromBothVersionsAndNeverFromAPart) {
  for (const Version version : {Version::Two, Version::Three}) {
    const std::string bytes = sample(version);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto parsed = parse_reply(std::string_view(bytes).substr(0, size));
      ASSERT_TRUE(parsed.ok());
      EXPECT_FALSE(parsed.value()) << size;
    }
    const auto parsed = parse_reply(bytes + "rest");
    ASSERT_TRUE(parsed.ok() && parsed.value());
    EXPECT_EQ(parsed.value()->size_bytes, bytes.size());
    const Reply& reply = parsed.value()->reply;
    ASSERT_EQ(reply.items.size(), 6U);
    EXPECT_EQ(reply.items[0].text, "OK");
    EXPECT_EQ(reply.items[1].kind, Reply::Kind::Error);
    EXPECT_EQ(reply.items[2].integer, -7);
    EXPECT_EQ(reply.items[3].text, std::string_view("\0\r\n", 3));
    EXPECT_EQ(reply.items[4].kind, Reply::Kind::Nil);
    EXPECT_EQ(reply.items[5].items.size(), 2U);
  }
}

TEST(Reply, RefusesWhatNoServerSends) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "*1\r\n";
  for (const std::string& bytes :
       {std::string("\r\n"), std::string(":x\r\n"), std::string("$-2\r\n"), std::string("*-2\r\n"),
        std::string("%9223372036854775807\r\n"), std::string("?1\r\n"), std::string("$1\r\nabcd"),
        deep}) {
    EXPECT_FALSE(parse_reply(bytes).ok()) << bytes.substr(0, 30);
  }
}

}  // namespace
}  // namespace resp
