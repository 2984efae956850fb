// SPDX-License-Identifier: Apache-2.0
#include "os/datagrams.h"

#include <gtest/gtest.h>

#include "os/loop.h"

namespace os {
namespace {

Datagrams socket() { return Datagrams::bind({"127.0.0.1", 0}).value(); }

Address address_of(const Datagrams& socket) {
  Address address;
  address.length = sizeof address.storage;
  EXPECT_EQ(
      getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address.storage), &address.length), 0);
  return address;
}

TEST(Datagrams, ManyLeaveAtOnceAndComeWithTheirSender) {
  Datagrams one = socket();
  Datagrams two = socket();
  for (int i = 0; i < 100; ++i) one.put(address_of(two), "number " + std::to_string(i));
  EXPECT_TRUE(two.receive().empty());
  EXPECT_GT(one.waiting_bytes(), 800U);
  EXPECT_EQ(one.flush(), 0U);
  EXPECT_EQ(one.waiting_bytes(), 0U);
  int next = 0;
  while (next < 100) {
    const auto& received = two.receive();
    ASSERT_FALSE(received.empty()) << next;
    EXPECT_LE(received.size(), Datagrams::kBatch);
    for (const auto& each : received) {
      EXPECT_EQ(each.bytes, "number " + std::to_string(next++));
      EXPECT_EQ(host_port(each.from), host_port(address_of(one)));
    }
  }
}

TEST(Datagrams, TheLargestAndTheEmptyComeWhole) {
  Datagrams one = socket();
  Datagrams two = socket();
  const std::string largest(Datagrams::kMaxBytes, 'x');
  one.put(address_of(two), largest);
  one.put(address_of(two), "");
  EXPECT_EQ(one.flush(), 0U);
  const auto& received = two.receive();
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].bytes, largest);
  EXPECT_EQ(received[1].bytes, "");
}

TEST(Datagrams, WhatTheKernelDoesNotTakeDoesNotStopTheRest) {
  Datagrams one = socket();
  Datagrams two = socket();
  one.put(address_of(two), "first");
  one.put(address_of(two), std::string(Datagrams::kMaxBytes + 1, 'x'));
  one.put(address_of(two), "last");
  EXPECT_EQ(one.flush(), 1U);
  const auto& received = two.receive();
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[1].bytes, "last");
}

TEST(Datagrams, AnAddressInUseIsNamed) {
  Datagrams one = socket();
  const auto second = Datagrams::bind(host_port(address_of(one)));
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(host_port(address_of(one)).text()), std::string::npos);
}

}  // namespace
}  // namespace os
