// SPDX-License-Identifier: Apache-2.0
// Cuts and counts, seen by real sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <string>

#include "check/sandbox/fd.h"
#include "check/sandbox/nftables.h"
#include "check/sandbox/sandbox.h"
#include "check/sandbox/testing.h"

namespace check::sandbox {
namespace {

constexpr NodeId kOne{1};
constexpr NodeId kTwo{2};
constexpr NodeId kThree{3};
constexpr int kSilence = 100;  // How long it takes to believe that nothing arrives.

TEST(Cut, DropsOneWayOnly) {
  inside([] {
    const auto sandbox = make(3);
    ASSERT_TRUE(sandbox->cut({{kOne, kTwo}}).ok());
    EXPECT_FALSE(datagram_passes(*sandbox, kOne, kTwo, kSilence));
    EXPECT_TRUE(datagram_passes(*sandbox, kTwo, kOne, 2000));
    EXPECT_TRUE(datagram_passes(*sandbox, kOne, kThree, 2000));
    const Fd listener = listen_on(*sandbox, kOne, 7000);  // It hears the SYN; its answer is lost.
    EXPECT_FALSE(connect_from(*sandbox, kTwo, kOne, 7000, 5 * kSilence).open());
  });
}

TEST(Cut, HoldsForConnectionsThatExistAndHealsThem) {
  inside([] {
    const auto sandbox = make(2);
    const Fd listener = listen_on(*sandbox, kTwo, 7000);
    const Fd client = connect_from(*sandbox, kOne, kTwo, 7000);
    const Fd server = accept_on(listener);
    ASSERT_TRUE(message_passes(client, server));
    ASSERT_TRUE(sandbox->cut({{kOne, kTwo}, {kTwo, kOne}}).ok());
    EXPECT_FALSE(message_passes(client, server, kSilence));
    EXPECT_FALSE(message_passes(server, client, kSilence));
    ASSERT_TRUE(sandbox->cut({}).ok());
    EXPECT_TRUE(message_passes(client, server, 5000));  // With the letter sent before.
  });
}

TEST(Cut, IsReadBack) {
  inside([] {
    const auto sandbox = make(3);
    EXPECT_EQ(sandbox->pairs_cut().value().size(), 0U);
    const std::set<DirectedPair> pairs = {{kOne, kTwo}, {kThree, kOne}};
    ASSERT_TRUE(sandbox->cut(pairs).ok());
    EXPECT_EQ(sandbox->pairs_cut().value(), pairs);
    ASSERT_TRUE(sandbox->cut({}).ok());
    EXPECT_EQ(sandbox->pairs_cut().value().size(), 0U);
  });
}

TEST(Cut, ReplacesTheOneBefore) {
  inside([] {
    const auto sandbox = make(3);
    ASSERT_TRUE(sandbox->cut({{kOne, kTwo}}).ok());
    ASSERT_TRUE(sandbox->cut({{kOne, kThree}}).ok());
    EXPECT_TRUE(datagram_passes(*sandbox, kOne, kTwo, 2000));
    EXPECT_FALSE(datagram_passes(*sandbox, kOne, kThree, kSilence));
  });
}

TEST(Cut, KeepsClientsOutOfTheNamedNodesOnly) {
  inside([] {
    const auto sandbox = make(2);
    ASSERT_TRUE(sandbox->cut({}, {kOne}).ok());
    EXPECT_FALSE(datagram_passes(*sandbox, kClients, kOne, kSilence));
    EXPECT_FALSE(datagram_passes(*sandbox, kOne, kClients, kSilence));
    EXPECT_TRUE(datagram_passes(*sandbox, kClients, kTwo, 2000));
    EXPECT_TRUE(datagram_passes(*sandbox, kOne, kTwo, 2000));
  });
}

TEST(Cut, HoldsForPacketsThatTheSwitchSendsInANodesName) {
  inside([] {
    const auto sandbox = make(2);
    const Fd receiver = bound_socket(*sandbox, kTwo, SOCK_DGRAM, 9000);
    const Fd impostor = transparent_socket_of_switch(kOne);
    ASSERT_TRUE(send_datagram(impostor, kTwo, 9000));
    EXPECT_TRUE(arrives(receiver, 2000));
    ASSERT_TRUE(sandbox->cut({{kOne, kTwo}}).ok());
    send_datagram(impostor, kTwo, 9000);
    EXPECT_FALSE(arrives(receiver, kSilence));
  });
}

TEST(Cut, HoldsForTheLargestSandbox) {
  inside([] {
    const std::uint32_t nodes = 40;  // 1560 pairs: more than fit in one message.
    const auto sandbox = make(nodes);
    std::set<DirectedPair> pairs;
    for (std::uint32_t a = 1; a <= nodes; ++a) {
      for (std::uint32_t b = 1; b <= nodes; ++b) {
        if (a != b) pairs.insert({NodeId{a}, NodeId{b}});
      }
    }
    ASSERT_TRUE(sandbox->cut(pairs).ok());
    EXPECT_FALSE(datagram_passes(*sandbox, NodeId{40}, NodeId{39}, kSilence));
    EXPECT_FALSE(datagram_passes(*sandbox, kOne, kTwo, kSilence));
    ASSERT_TRUE(sandbox->cut({}).ok());
    EXPECT_TRUE(datagram_passes(*sandbox, NodeId{40}, NodeId{39}, 2000));
    const auto counted = sandbox->pair_counters();
    ASSERT_TRUE(counted.ok()) << counted.error().message;
    EXPECT_EQ(counted.value().size(), 42U * 41U);
  });
}

TEST(Counters, OfPairsAddUpToThoseOfTheInterfaces) {
  inside([] {
    const auto sandbox = make(3);
    const Fd listener = listen_on(*sandbox, kTwo, 7000);
    const Fd client = connect_from(*sandbox, kOne, kTwo, 7000);
    const Fd server = accept_on(listener);
    for (int round = 0; round < 100; ++round) {
      ASSERT_TRUE(message_passes(client, server));
      ASSERT_TRUE(message_passes(server, client));
    }
    const std::string large(60000, 'x');  // Some forty fragments.
    ASSERT_TRUE(datagram_passes(*sandbox, kThree, kOne, 2000, large));
    ASSERT_TRUE(datagram_passes(*sandbox, kClients, kOne, 2000));
    ASSERT_TRUE(sandbox->cut({{kOne, kThree}}).ok());
    ASSERT_FALSE(datagram_passes(*sandbox, kOne, kThree, kSilence));

    const auto counted = sandbox->pair_counters();
    ASSERT_TRUE(counted.ok()) << counted.error().message;
    constexpr std::uint64_t kFrameHeader = 14;
    for (const NodeId host : {kOne, kTwo, kThree, kClients}) {
      PacketCount sent;
      PacketCount received;
      for (const auto& [pair, counts] : counted.value()) {
        if (pair.from == host) {
          sent.packets += counts.arrived.packets;
          sent.bytes += counts.arrived.bytes + kFrameHeader * counts.arrived.packets;
        }
        if (pair.to == host) {
          received.packets += counts.delivered.packets;
          received.bytes += counts.delivered.bytes + kFrameHeader * counts.delivered.packets;
        }
      }
      const auto interface = sandbox->counters(host);
      ASSERT_TRUE(interface.ok());
      EXPECT_EQ(interface.value().sent_packets, sent.packets) << host;
      EXPECT_EQ(interface.value().sent_bytes, sent.bytes) << host;
      EXPECT_EQ(interface.value().received_packets, received.packets) << host;
      EXPECT_EQ(interface.value().received_bytes, received.bytes) << host;
    }
    const PairCounters& forth = counted.value().at({kOne, kTwo});
    EXPECT_GE(forth.bypassed.packets, 100U);  // Nobody redirects here: the switch forwards.
    EXPECT_EQ(forth.bypassed, forth.arrived);
    EXPECT_EQ(forth.delivered, forth.arrived);
    const PairCounters& dropped = counted.value().at({kOne, kThree});
    EXPECT_EQ(dropped.arrived.packets, 1U);
    EXPECT_EQ(dropped.delivered.packets, 0U);
  });
}

TEST(Nftables, ARedirectedPacketDoesNotBypass) {
  inside([] {
    const auto sandbox = make(2);
    const Fd proxy = transparent_socket_of_switch(kSwitch, 1091);
    auto netfilter = Netlink::open(NETLINK_NETFILTER);
    ASSERT_TRUE(netfilter.ok());
    NftTransaction change("redirect");
    change.add_table();
    change.add_chain({"before", Hook::Prerouting, -149});
    change.add_rule("before", NftRule()
                                  .input_interface_begins("n")
                                  .protocol(IPPROTO_UDP)
                                  .tproxy(0x0a4d00fe, 1091)
                                  .set_mark(kDeliverHereMark)
                                  .accept());
    auto socket = std::move(netfilter).value();
    const base::Status done = change.commit(socket, "redirect");
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_FALSE(datagram_passes(*sandbox, kOne, kTwo, kSilence));
    EXPECT_TRUE(arrives(proxy, 2000));
    const auto counted = sandbox->pair_counters();
    ASSERT_TRUE(counted.ok());
    EXPECT_EQ(counted.value().at({kOne, kTwo}).arrived.packets, 1U);
    EXPECT_EQ(counted.value().at({kOne, kTwo}).bypassed.packets, 0U);
  });
}

TEST(Nftables, AFailedTransactionNamesTheReasonAndChangesNothing) {
  inside([] {
    const auto sandbox = make(2);
    auto netfilter = Netlink::open(NETLINK_NETFILTER);
    ASSERT_TRUE(netfilter.ok());
    auto socket = std::move(netfilter).value();
    NftTransaction change("seaworthy");
    change.clear_set("cut");
    change.add_pairs("no-such-set", std::array{AddressPair{1, 2}});
    const base::Status done = change.commit(socket, "change the rules");
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().message, "cannot change the rules: No such file or directory");
    EXPECT_TRUE(sandbox->cut({{kOne, kTwo}}).ok());  // The next transaction is not confused.
  });
}

}  // namespace
}  // namespace check::sandbox
