// SPDX-License-Identifier: Apache-2.0
#include "os/net.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

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

int option(const Fd& socket, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(socket.number(), level, name, &value, &length), 0);
  return value;
}

// Or who loses its power holds its place for ever.
TEST(AcceptTcp, KeepsTheConnectionAlive) {
  const auto listener = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listener.ok());
  const auto where = resolve(local_address(listener.value()).value());
  ASSERT_TRUE(where.ok());
  const auto client = connect_tcp(where.value());
  ASSERT_TRUE(client.ok());
  base::Result<std::optional<Fd>> accepted = accept_tcp(listener.value());
  while (accepted.ok() && !accepted.value()) accepted = accept_tcp(listener.value());
  ASSERT_TRUE(accepted.ok());
  const Fd& socket = *accepted.value();
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPIDLE), 20);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPINTVL), 20);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

TEST(SendAtOnce, IsForTcpAndLeavesOtherSocketsAlone) {
  const Fd tcp(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(option(tcp, IPPROTO_TCP, TCP_NODELAY), 0);
  send_at_once(tcp);
  EXPECT_EQ(option(tcp, IPPROTO_TCP, TCP_NODELAY), 1);
  send_at_once(Fd(::socket(AF_UNIX, SOCK_STREAM, 0)));
}

}  // namespace
}  // namespace os
