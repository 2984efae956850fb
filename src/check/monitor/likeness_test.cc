// SPDX-License-Identifier: Apache-2.0
// With the monitor between them, nodes see what they would see without it: each probe is made both
// ways and must tell the same.
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "check/monitor/endpoint.h"
#include "check/monitor/sockets.h"
#include "check/monitor/world_test.h"

namespace check::monitor {
namespace {

using Probe = std::function<std::string(World&)>;

struct Told {
  std::string directly;
  std::string through_the_monitor;
};

Told tell(const Probe& probe) {
  Told told;
  {
    World world;
    told.directly = probe(world);
  }
  World world;
  world.monitor();
  told.through_the_monitor = probe(world);
  return told;
}

#define EXPECT_SAME(expected, ...)                    \
  do {                                                \
    const Told answers = tell(__VA_ARGS__);           \
    EXPECT_EQ(answers.directly, expected);            \
    EXPECT_EQ(answers.through_the_monitor, expected); \
  } while (false)

TEST(Likeness, AClosedPortRefuses) {
  EXPECT_SAME("ECONNREFUSED", [](World& world) {
    world.connect(kOne, kTwo, 9999);
    return world.error();
  });
}

TEST(Likeness, AHostWithItsLinkDownIsSilent) {
  EXPECT_SAME("EINPROGRESS", [](World& world) {
    const auto down = world.sandbox().in_network_of(kTwo, []() -> base::Status {
      const sandbox::Fd fd(socket(AF_INET, SOCK_DGRAM, 0));
      ifreq request{};
      std::strncpy(request.ifr_name, "eth0", sizeof request.ifr_name - 1);
      return ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0
                 ? base::Status(base::Done{})
                 : base::Status(sandbox::system_error("cannot set the link down"));
    });
    EXPECT_TRUE(down.ok());
    world.connect(kOne, kTwo, 7000, 700);
    return world.error();
  });
}

TEST(Likeness, ACutHostIsSilent) {
  EXPECT_SAME("EINPROGRESS", [](World& world) {
    const Socket listener = world.listen(kTwo, 7000);
    EXPECT_TRUE(world.sandbox().cut({kBack}).ok());
    world.connect(kOne, kTwo, 7000, 700);
    return world.error();
  });
}

TEST(Likeness, AFullBacklogIsSilent) {
  EXPECT_SAME("ok ok EINPROGRESS EINPROGRESS ", [](World& world) {
    const Socket listener = world.listen(kTwo, 7000, 1);
    std::vector<Socket> clients;
    std::string told;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(world.connect(kOne, kTwo, 7000, 400));
      told += (world.error().empty() ? "ok" : world.error()) + ' ';
    }
    return told;
  });
}

TEST(Likeness, AnAddressWithoutAHostIsSilent) {
  EXPECT_SAME("EINPROGRESS", [](World& world) {
    world.connect_to(kOne, "10.77.0.99", 7000, 700);
    return world.error();
  });
}

TEST(Likeness, BothEndsSeeEachOthersTrueAddress) {
  const auto addresses = [](World& world) {
    const auto pair = world.connected();
    EXPECT_EQ(pair.client.local(), pair.server.remote());
    return pair.client.remote() + ' ' + pair.server.local() + ' ' +
           pair.server.remote().substr(0, 10);
  };
  EXPECT_SAME("10.77.0.2:7000 10.77.0.2:7000 10.77.0.1:", addresses);
}

TEST(Likeness, AHalfClosedConnectionGoesOnTheOtherWay) {
  EXPECT_SAME("100000 bytes, eof; then answer, eof", [](World& world) {
    auto pair = world.connected();
    pair.client.send(std::string(100000, 'x'));
    pair.client.finish();
    const std::string got = pair.server.receive_all();
    std::string told = std::to_string(got.size()) + " bytes, " + pair.server.end();
    pair.server.send("answer");
    pair.server.close();
    told += "; then " + pair.client.receive_all() + ", " + pair.client.end();
    return told;
  });
}

TEST(Likeness, AHalfCloseOfTheServerGoesOnTheOtherWay) {
  EXPECT_SAME("eof; then late, eof", [](World& world) {
    auto pair = world.connected();
    pair.server.finish();
    pair.client.receive_all();
    std::string told = pair.client.end();
    pair.client.send("late");
    pair.client.close();
    told += "; then " + pair.server.receive_all() + ", " + pair.server.end();
    return told;
  });
}

TEST(Likeness, AResetOfTheServerReachesTheClient) {
  EXPECT_SAME("last words, ECONNRESET", [](World& world) {
    auto pair = world.connected();
    pair.server.send("last words");
    const std::string got = pair.client.receive();
    pair.server.reset();
    pair.client.receive_all();
    return got + ", " + pair.client.end();
  });
}

TEST(Likeness, AResetOfTheClientReachesTheServer) {
  EXPECT_SAME("ECONNRESET", [](World& world) {
    auto pair = world.connected();
    pair.client.reset();
    pair.server.receive_all();
    return pair.server.end();
  });
}

TEST(Likeness, AFinOfTheClientReachesTheServer) {
  EXPECT_SAME("bye, eof", [](World& world) {
    auto pair = world.connected();
    pair.client.send("bye");
    pair.client.close();
    const std::string got = pair.server.receive_all();
    return got + ", " + pair.server.end();
  });
}

TEST(Likeness, ClosingWithUnreadDataResets) {
  EXPECT_SAME("ECONNRESET", [](World& world) {
    auto pair = world.connected();
    pair.client.send("never read");
    EXPECT_EQ(pair.server.receive(1), "n");  // It has all come.
    pair.server.close();
    pair.client.receive_all();
    return pair.client.end();
  });
}

TEST(Likeness, WhatFollowsAResetIsRefused) {
  EXPECT_SAME("sent, then EPIPE", [](World& world) {
    auto pair = world.connected();
    pair.server.close();
    pair.client.receive_all();
    std::string told = pair.client.send("into the void") ? "sent" : "not sent";
    eventually([&] { return !pair.client.send("x"); });
    return told + ", then " + strerrorname_np(errno);
  });
}

TEST(Likeness, ALegThatIsSilencedSendsNothing) {
  EXPECT_SAME("EAGAIN", [](World& world) {
    auto pair = world.connected();
    const timeval short_time{0, 100'000};
    setsockopt(pair.server.fd(), SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time);
    silence_on_close(pair.client.fd());
    pair.client.close();
    pair.server.receive();
    return pair.server.end();
  });
}

TEST(Likeness, BytesBeforeAResetAreRead) {
  EXPECT_SAME("first second ", [](World& world) {
    Socket listener = world.listen(kTwo, 7000);
    std::string told;
    for (const char* word : {"first", "second"}) {
      Socket client = world.connect(kOne, kTwo, 7000);
      EXPECT_EQ(world.error(), "");
      Socket server = listener.accept();
      client.send(word);
      client.reset();  // No TIME_WAIT is left.
      told += server.receive() + ' ';
    }
    return told;
  });
}

TEST(Likeness, AClosedDatagramPortIsReported) {
  EXPECT_SAME("ECONNREFUSED", [](World& world) {
    Socket socket = world.datagram_socket(kOne, 7000);
    const sockaddr_in name = to_sockaddr({0x0a4d0002, 7001});
    EXPECT_EQ(connect(socket.fd(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    socket.send("anybody?");
    socket.receive();
    return socket.end();
  });
}

}  // namespace
}  // namespace check::monitor
