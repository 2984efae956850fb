// SPDX-License-Identifier: Apache-2.0
// The most that three processes with three files on one disk can do here for Redis clients when
// every acknowledged write is on two of them: no Raft, no elections, no recovery. raftkv is
// measured against it (docs/bench.md).
//
//   ceiling FILE MEGABYTES PORT                            a follower
//   ceiling FILE MEGABYTES PORT FOLLOWER_PORT FOLLOWER_PORT  the leader: PORT is for Redis clients
//
// All on 127.0.0.1; prints "ready" when it can be connected to. A follower ends with its leader.
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "ceiling_follower.h"
#include "ceiling_leader.h"
#include "os/net.h"

namespace {

std::uint16_t number(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    fmt::print(stderr, "ceiling: {} is not a number up to 65535\n", text);
    std::exit(3);
  }
  return value;
}

// Blocks: when it cannot send on, there is nothing better to do.
os::Fd connect_to_follower(std::uint16_t port) {
  const auto address = os::resolve({"127.0.0.1", port});
  os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!address.ok() ||
      connect(socket.number(), reinterpret_cast<const sockaddr*>(&address.value().storage),
              address.value().length) != 0) {
    fmt::print(stderr, "ceiling: no follower at port {}\n", port);
    std::exit(3);
  }
  return socket;
}

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): memory has run out.
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 4 && words.size() != 6) {
    fmt::print(stderr, "usage: ceiling FILE MEGABYTES PORT [FOLLOWER_PORT FOLLOWER_PORT]\n");
    return 3;
  }
  ceiling::Log log(words[1], std::size_t{number(words[2])} << 20);
  if (words.size() == 4) return ceiling::follow(log, number(words[3]));
  std::array<os::Fd, 2> followers{connect_to_follower(number(words[4])),
                                  connect_to_follower(number(words[5]))};
  auto listening = os::listen_tcp({"127.0.0.1", number(words[3])});
  if (!listening.ok()) {
    fmt::print(stderr, "ceiling: {}\n", listening.error().message);
    return 3;
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  ceiling::Leader(log, std::move(listening).value(), std::move(followers)).serve();
}
