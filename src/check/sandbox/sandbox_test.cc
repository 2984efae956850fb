// SPDX-License-Identifier: Apache-2.0
// Hosts, their names, their programs. Runs as root and as an ordinary user (CMakeLists.txt).
#include "check/sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "check/sandbox/fd.h"
#include "check/sandbox/requirements.h"
#include "check/sandbox/testing.h"

namespace check::sandbox {
namespace {

constexpr NodeId kOne{1};
constexpr NodeId kTwo{2};

TEST(Probe, FindsAWayAndSaysWhy) {
  const base::Result<Support> support = probe();
  ASSERT_TRUE(support.ok()) << support.error().message;
  EXPECT_FALSE(support.value().why.empty());
}

TEST(Probe, NamesTheFilterOfAContainer) {
  const std::string message = refused(Way::UserNamespace, "make new namespaces", ENOSYS).message;
  EXPECT_NE(message.find("--security-opt seccomp=unconfined"), std::string::npos) << message;
}

TEST(Probe, NamesTheLimitsOnNamespaces) {
  const std::string message = refused(Way::UserNamespace, "make new namespaces", ENOSPC).message;
  EXPECT_NE(message.find("user.max_net_namespaces"), std::string::npos) << message;
}

TEST(Probe, NamesTheExactLimitThatIsZero) {
  inside([] {
    // The limit of this user namespace, which the nested one is counted against.
    ASSERT_EQ(::system("echo 0 > /proc/sys/user/max_net_namespaces"), 0);
    const base::Result<Support> support = probe();
    ASSERT_FALSE(support.ok());
    EXPECT_NE(support.error().message.find("set user.max_net_namespaces to"), std::string::npos)
        << support.error().message;
  });
}

TEST(Contain, HandsTheExitCodeThrough) {
  const base::Result<int> code = contain({}, [] { return 42; });
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(code.value(), 42);
}

TEST(Contain, ReportsTheSignalThatEndedTheBody) {
  const base::Result<int> code = contain({}, []() -> int {
    ::raise(SIGKILL);
    return 0;
  });
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(code.value(), 128 + SIGKILL);
}

TEST(Contain, ReapsOrphansAndLeavesChildrenAlone) {
  inside([] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::fork() == 0 ? 1 : 7);  // The grandchild is an orphan.
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 7);
    await([] { return zombies() == 0; });
  });
}

TEST(Contain, HasNoPartInTheTerminalsProcessGroup) {
  const pid_t outer = ::getsid(0);
  inside([outer] { EXPECT_NE(::getsid(0), outer); });
}

TEST(Sandbox, IsNotMadeOutsideOfAContainedRun) {
  const auto made = Sandbox::create(1);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, base::ErrorCode::InvalidArgument);
}

TEST(Sandbox, HasOneToNinetyNineNodes) {
  inside([] {
    EXPECT_FALSE(Sandbox::create(0).ok());
    EXPECT_FALSE(Sandbox::create(kMostNodes + 1).ok());
    EXPECT_TRUE(Sandbox::create(1).ok());
  });
}

TEST(Sandbox, HostsReachEachOther) {
  inside([] {
    const auto sandbox = make(3);
    std::uint16_t port = 7000;
    for (const auto& [from, to] :
         {std::pair{kOne, kTwo}, std::pair{NodeId{3}, kOne}, std::pair{kClients, kTwo}}) {
      const Fd server = listen_on(*sandbox, to, ++port);
      const Fd client = connect_from(*sandbox, from, to, port);
      ASSERT_TRUE(client.open());
      const Fd accepted = accept_on(server);
      ASSERT_TRUE(accepted.open());
      EXPECT_EQ(peer_address(accepted), sandbox->address(from));
      EXPECT_TRUE(message_passes(client, accepted));
      EXPECT_TRUE(message_passes(accepted, client));
      EXPECT_TRUE(datagram_passes(*sandbox, from, to, 2000));
    }
  });
}

TEST(Sandbox, WorksForRootWithoutUserNamespaces) {
  if (::geteuid() != 0) return;  // The way is for root alone.
  inside({Way::Root, ""}, [] {
    const auto sandbox = make(2);
    EXPECT_TRUE(datagram_passes(*sandbox, kOne, kTwo, 2000));
    EXPECT_EQ(output_of(*sandbox, kTwo, "hostname"), "n2\n");
  });
}

TEST(Sandbox, CanBeMadeAgainInTheSameRun) {
  inside([] {
    for (const std::uint32_t nodes : {5U, 2U, 3U}) {
      const auto sandbox = make(nodes);
      EXPECT_TRUE(datagram_passes(*sandbox, kOne, kTwo, 2000));
      const std::string names = output_of(*sandbox, kOne, "cat /etc/hosts");
      EXPECT_EQ(names.find(" n3\n") != std::string::npos, nodes >= 3) << names;
    }
  });
}

TEST(Sandbox, CanBeMadeInASandbox) {
  inside([] {
    const auto outer = make(2);
    inside([] {
      const auto inner = make(2);
      EXPECT_TRUE(datagram_passes(*inner, kOne, kTwo, 2000));
    });
    EXPECT_TRUE(datagram_passes(*outer, kOne, kTwo, 2000));
  });
}

TEST(Sandbox, TwoAtOnceDoNotDisturbEachOther) {
  inside([] {
    const auto first = make(2);
    const Fd listener = listen_on(*first, kTwo, 7000);
    // The other run is a child of this process, at the same time and with the same addresses.
    inside([] {
      const auto second = make(2);
      EXPECT_FALSE(connect_from(*second, kOne, kTwo, 7000).open());
    });
    EXPECT_TRUE(connect_from(*first, kOne, kTwo, 7000).open());
  });
}

TEST(Host, HasANameAProcessSpaceAndFoldersOfItsOwn) {
  inside([] {
    const auto sandbox = make(2);
    EXPECT_EQ(output_of(*sandbox, kOne, "hostname"), "n1\n");
    EXPECT_EQ(output_of(*sandbox, kClients, "hostname"), "clients\n");
    EXPECT_EQ(output_of(*sandbox, kOne, "cat /proc/1/comm"), "host-init\n");
    EXPECT_EQ(output_of(*sandbox, kOne, "echo a > /run/file; ls /run"), "file\n");
    EXPECT_EQ(output_of(*sandbox, kTwo, "ls /run"), "");
    EXPECT_EQ(output_of(*sandbox, kOne, "echo a > /dev/shm/file; ls /dev/shm"), "file\n");
    EXPECT_EQ(output_of(*sandbox, kTwo, "ls /dev/shm"), "");
  });
}

TEST(Host, KnowsAllHostsByNameAndNoResolver) {
  inside([] {
    const auto sandbox = make(2);
    EXPECT_EQ(output_of(*sandbox, kOne, "getent hosts n2 clients"),
              "10.77.0.2       n2\n10.77.0.250     clients\n");
    EXPECT_EQ(output_of(*sandbox, kOne, "cat /etc/resolv.conf"), "");
    EXPECT_EQ(output_of(*sandbox, kOne, "getent hosts localhost > /dev/null && echo known"),
              "known\n");
  });
}

TEST(Host, IsEnteredByAThreadAndLeftAgain) {
  inside([] {
    const auto sandbox = make(2);
    ASSERT_TRUE(sandbox->enter_clients_network().ok());
    EXPECT_EQ(interfaces(), "eth0 lo");
    // From here to a node and back to where the thread was.
    const base::Status visited = sandbox->in_network_of(kOne, []() -> base::Status {
      return base::Error{base::ErrorCode::NotFound, interfaces()};
    });
    ASSERT_FALSE(visited.ok());
    EXPECT_EQ(visited.error().message, "eth0 lo");
    EXPECT_EQ(interfaces(), "eth0 lo");
    std::string other;
    std::thread([&other] { other = interfaces(); }).join();
    EXPECT_EQ(other, "eth0 lo");  // A new thread begins where its creator is.
    ASSERT_TRUE(sandbox->enter_switch_network().ok());
    EXPECT_EQ(interfaces(), "c0 lo n1 n2");
  });
}

TEST(Host, ThatDoesNotExistIsAnError) {
  inside([] {
    const auto sandbox = make(2);
    const auto counters = sandbox->counters(NodeId{3});
    ASSERT_FALSE(counters.ok());
    EXPECT_EQ(counters.error().message, "there is no node 3: the nodes are 1 to 2");
    EXPECT_FALSE(sandbox->kill_all(NodeId{0}).ok());
    EXPECT_FALSE(sandbox->cut({{kOne, NodeId{9}}}).ok());
  });
}

}  // namespace
}  // namespace check::sandbox
