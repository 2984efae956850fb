// SPDX-License-Identifier: Apache-2.0
// The monitor's parts that need no network.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "check/monitor/audit.h"
#include "check/monitor/byte_ring.h"
#include "check/monitor/event_log.h"
#include "check/monitor/link_table.h"
#include "check/monitor/links.h"
#include "check/monitor/packet.h"
#include "check/monitor/pcapng.h"
#include "check/monitor/stream.h"
#include "check/monitor/timer_heap.h"

namespace check::monitor {
namespace {

TEST(TimerHeap, TheSoonestComesFirstAndEqualsInTheOrderTheyCame) {
  TimerHeap timers;
  std::string order;
  const std::vector<std::pair<std::uint64_t, char>> entries{
      {30, 'd'}, {10, 'a'}, {20, 'b'}, {20, 'c'}};
  for (const auto& [due, letter] : entries) {
    timers.at(due, [&order, name = letter] { order += name; });
  }
  EXPECT_EQ(timers.next_due_ns(), 10U);
  EXPECT_FALSE(timers.take_due(9));
  while (const auto action = timers.take_due(25)) (*action)();
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(timers.next_due_ns(), 30U);
  EXPECT_EQ(timers.size(), 1U);
}

std::string text(std::span<const char> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Stream, BytesAndTheEndComeInOrderWhateverTheirDelay) {
  Stream stream;
  stream.append(std::string_view("first"), 100);
  stream.append(std::string_view("second"), 50);
  stream.set_end(Stream::End::Fin, 0);
  EXPECT_EQ(stream.waiting_bytes(), 11U);
  EXPECT_EQ(text(stream.ready(99)), "");
  EXPECT_EQ(stream.next_due_ns(), 100U);
  EXPECT_EQ(text(stream.ready(100)), "first");
  stream.consume(2);
  EXPECT_EQ(text(stream.ready(100)), "rst");
  stream.consume(3);
  EXPECT_EQ(stream.ended(100), Stream::End::None);
  EXPECT_EQ(text(stream.ready(100)), "second");
  stream.consume(6);
  EXPECT_TRUE(stream.empty());
  EXPECT_EQ(stream.ended(99), Stream::End::None);
  EXPECT_EQ(stream.ended(100), Stream::End::Fin);
}

TEST(Stream, ClearForgetsBytesButNotTheEnd) {
  Stream stream;
  stream.append(std::string_view("lost"), 0);
  stream.consume(1);
  stream.set_end(Stream::End::Reset, 0);
  EXPECT_EQ(stream.clear(), 3U);
  EXPECT_EQ(stream.ended(0), Stream::End::Reset);
}

TEST(ByteRing, RecordsComeOutAsTheyWentInAndAFullRingRefuses) {
  ByteRing ring(64);
  const std::string payload(30, 'p');
  EXPECT_TRUE(ring.push(std::string_view("head"), payload));
  EXPECT_FALSE(ring.push(std::string_view("head"), payload));
  std::string record;
  for (int i = 0; i < 100; ++i) {  // Around the ring's end many times.
    EXPECT_TRUE(ring.pop(record));
    EXPECT_EQ(record, "head" + payload);
    EXPECT_FALSE(ring.pop(record));
    EXPECT_TRUE(ring.push(std::string_view("head"), payload));
  }
}

TEST(ByteRing, TwoThreadsSeeTheSameRecords) {
  ByteRing ring(1024);
  constexpr int kRecords = 20000;
  std::thread writer([&] {
    for (int i = 0; i < kRecords;) {
      const std::string number = std::to_string(i);
      if (ring.push(number, std::string(static_cast<std::size_t>(i % 100), 'x'))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  int wrong = 0;
  std::string record;
  for (int i = 0; i < kRecords;) {
    if (!ring.pop(record)) {
      std::this_thread::yield();
      continue;
    }
    if (record != std::to_string(i) + std::string(static_cast<std::size_t>(i % 100), 'x')) ++wrong;
    ++i;
  }
  writer.join();
  EXPECT_EQ(wrong, 0);
}

TEST(LinkTable, LinksAreFoundByAddressAndByPair) {
  LinkTable links({0x0a4d0001, 0x0a4d0002}, 7);
  Link* link = links.find(0x0a4d0001, 0x0a4d0002);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->pair, (DirectedPair{NodeId{1}, NodeId{2}}));
  EXPECT_EQ(links.find(link->pair), link);
  EXPECT_EQ(links.find(0x0a4d0001, 0x0a4d0001), nullptr);
  EXPECT_EQ(links.find(0x0a4d0001, 0x0a4d00fa), nullptr);
  EXPECT_EQ(links.find(DirectedPair{NodeId{0}, NodeId{2}}), nullptr);
  EXPECT_EQ(links.find(DirectedPair{NodeId{1}, NodeId{3}}), nullptr);
}

TEST(LinkTable, DelaysAreDrawnFromTheLinksOwnSeed) {
  const auto draws = [](std::uint64_t seed, bool other_link_too) {
    LinkTable links({1, 2}, seed);
    for (const auto& link : links.all()) {
      if (!link) continue;
      link->faults = {.delay = std::chrono::microseconds(5),
                      .jitter = std::chrono::microseconds(10)};
    }
    std::vector<std::uint64_t> delays;
    for (int i = 0; i < 20; ++i) {
      delays.push_back(links.find(1, 2)->draw_delay_ns());
      if (other_link_too) links.find(2, 1)->draw_delay_ns();
      EXPECT_GE(delays.back(), 5000U);
      EXPECT_LE(delays.back(), 15000U);
    }
    return delays;
  };
  EXPECT_EQ(draws(1, false), draws(1, true));
  EXPECT_NE(draws(1, false), draws(2, false));
}

TEST(EventLog, KeepsTheFirstAndCountsTheRest) {
  EventLog log;
  for (std::uint64_t i = 0; i < 65540; ++i) {
    ConnectionEvent event;
    event.time_ns = i;
    log.add(event);
  }
  const ConnectionEvents taken = log.take();
  EXPECT_EQ(taken.events.size(), 65536U);
  EXPECT_EQ(taken.events.back().time_ns, 65535U);
  EXPECT_EQ(taken.lost, 4U);
  EXPECT_EQ(log.take().events.size(), 0U);
}

TEST(Links, AreWrittenAsTheFormatSays) {
  const std::map<DirectedPair, LinkCounters> links{
      {{NodeId{1}, NodeId{2}},
       {.bytes = 9,
        .chunks = 3,
        .messages = 2,
        .connections = 1,
        .dropped = 2,
        .left_out = 5,
        .invented = 7}},
      {{NodeId{2}, NodeId{1}}, {.bytes = 4, .chunks = 1}}};
  EXPECT_EQ(links_json(links, {true, "all of it"}),
            "{\"complete\":true,\"sentence\":\"all of it\",\"links\":[\n"
            "{\"from\":1,\"to\":2,\"bytes\":9,\"chunks\":3,\"messages\":2,\"connections\":1,"
            "\"dropped\":2,\"left_out\":5,\"invented\":7},\n"
            "{\"from\":2,\"to\":1,\"bytes\":4,\"chunks\":1,\"messages\":0,\"connections\":0,"
            "\"dropped\":0,\"left_out\":0,\"invented\":0}]}\n");
}

TEST(Pcapng, APacketIsWrittenAsTheFormatSays) {
  std::string packet;
  append_segment(packet,
                 {.from = {0x0a4d0001, 40000},
                  .to = {0x0a4d0002, 7000},
                  .sequence = 10,
                  .acknowledged = 20,
                  .flags = kFin | kAck},
                 {});
  std::string block;
  pcapng::append_packet(block, 0x16838dc4000f4240U, packet, "");
  std::string digits;
  for (const char byte : block) digits += fmt::format("{:02x}", static_cast<std::uint8_t>(byte));
  EXPECT_EQ(digits,
            "060000004800000000000000"
            "c48d831640420f00"
            "2800000028000000"
            "45000028000040004006"
            "2634"
            "0a4d00010a4d0002"
            "9c401b580000000a00000014"
            "5011ffffe3800000"
            "48000000");
}

// A picture of two nodes whose counts agree.
Picture make_picture() {
  Picture picture;
  const DirectedPair pair{NodeId{1}, NodeId{2}};
  picture.links[pair] = {.stream_read = 100,
                         .stream_written = 100,
                         .kernel_received = 100,
                         .datagrams = 1,
                         .datagram_bytes = 20,
                         .datagrams_redirected = 1};
  picture.pairs[pair].arrived = {.packets = 3, .bytes = 240};
  picture.pairs[pair].delivered = {.packets = 3, .bytes = 240};
  picture.hosts[NodeId{1}] = {.sent_bytes = 282, .sent_packets = 3};
  picture.hosts[NodeId{2}] = {.received_bytes = 282, .received_packets = 3};
  return picture;
}

TEST(Audit, FindsNothingWhereAllCountsAgree) { EXPECT_EQ(find_gap(make_picture()), std::nullopt); }

TEST(Audit, FindsEachKindOfGap) {
  const DirectedPair pair{NodeId{1}, NodeId{2}};
  const std::vector<std::pair<std::function<void(Picture&)>, std::string>> gaps{
      {[](Picture& picture) { ++picture.hosts[NodeId{1}].sent_packets; },
       "n1's interface sent 4 packets of 282 bytes, of which 3 of 282 came to the switch"},
      {[](Picture& picture) { --picture.hosts[NodeId{2}].received_bytes; },
       "n2's interface received 3 packets of 281 bytes, while the switch delivered 3 of 282"},
      {[](Picture& picture) { picture.stray_packets = 1; },
       "1 packets between nodes were not redirected"},
      {[&](Picture& picture) { picture.pairs[pair].bypassed.packets = 2; },
       "2 packets of n1>n2 were routed past the monitor"},
      {[&](Picture& picture) { picture.links[pair].kernel_received = 101; },
       "the kernel received 101 stream bytes of n1>n2, but 100 were read and 0 wait"},
      {[&](Picture& picture) { picture.links[pair].stream_written = 99; },
       "of 100 stream bytes of n1>n2, and 0 put in, 99 were written, 0 discarded, 0 left out and 0 "
       "wait"},
      {[&](Picture& picture) { picture.links[pair].stream_left_out = 3; },
       "of 100 stream bytes of n1>n2, and 0 put in, 100 were written, 0 discarded, 3 left out and "
       "0 "
       "wait"},
      {[&](Picture& picture) { picture.links[pair].stream_invented = 4; },
       "of 100 stream bytes of n1>n2, and 4 put in, 100 were written, 0 discarded, 0 left out and "
       "0 "
       "wait"},
      {[&](Picture& picture) { picture.links[pair].datagrams_redirected = 2; },
       "2 datagrams of n1>n2 were redirected to the monitor, but 1 were read in time"},
      {[&](Picture& picture) { picture.links[pair].datagram_bytes = 100; },
       "200 bytes of n1>n2 were relayed, but only 240 arrived in 3 packets"}};
  for (const auto& [spoil, sentence] : gaps) {
    Picture picture = make_picture();
    spoil(picture);
    EXPECT_EQ(find_gap(picture), sentence);
  }
}

}  // namespace
}  // namespace check::monitor
