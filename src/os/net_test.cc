// SPDX-License-Identifier: Apache-2.0
#include "os/net.h"

#include <gtest/gtest.h>

namespace os {
namespace {

TEST(HostPort, ReadsWhatItWrites) {
  for (const char* text : {"127.0.0.1:7001", "[::1]:65535", "n1:0"}) {
    const auto parsed = parse_host_port(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed.value().text(), text);
  }
}

TEST(HostPort, RefusesWhatIsNoAddress) {
  for (const char* text : {"", ":", ":1", "a", "a:", "a:b", "a:65536", "::1:80", "a:-1", "a:1x"})
    EXPECT_FALSE(parse_host_port(text).ok()) << text;
}

TEST(Listener, NamesTheAddressThatIsInUse) {
  const auto first = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(first.ok());
  const auto where = local_address(first.value());
  ASSERT_TRUE(where.ok());
  const auto second = listen_tcp(where.value());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message,
            "cannot listen on " + where.value().text() + ": Address already in use");
}

}  // namespace
}  // namespace os
