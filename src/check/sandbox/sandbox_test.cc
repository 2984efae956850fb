// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "check/sandbox/fd.h"
#include "check/sandbox/testing.h"

namespace check::sandbox {
namespace {

TEST(Probe, FindsAWayAndSaysWhy) {
  const base::Result<Support> support = probe();
  ASSERT_TRUE(support.ok()) << support.error().message;
  EXPECT_FALSE(support.value().why.empty());
}

TEST(Sandbox, HostsReachEachOther) {
  inside([] {
    auto sandbox = make(3);
    const Fd server = listen_on(*sandbox, NodeId{2}, 7000);
    const Fd client = connect_from(*sandbox, NodeId{1}, NodeId{2}, 7000);
    ASSERT_TRUE(client.open());
    const Fd accepted = accept_on(server);
    ASSERT_TRUE(accepted.open());
    EXPECT_EQ(peer_address(accepted), "10.77.0.1");
    EXPECT_TRUE(message_passes(client, accepted));
    EXPECT_TRUE(message_passes(accepted, client));
  });
}

}  // namespace
}  // namespace check::sandbox
