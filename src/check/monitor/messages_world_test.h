// SPDX-License-Identifier: Apache-2.0
// For the tests: two hosts that speak raftkv, and somebody who decides about their messages.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "check/monitor/world_test.h"
#include "check/wire/raftkv_frame.h"

namespace check::monitor {

// A frame of docs/formats/peer-protocol.md.
inline std::string frame(wire::RaftkvType type, NodeId from, NodeId to, const std::string& body) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u64(0);
  out.u8(1);
  out.u8(static_cast<std::uint8_t>(type));
  out.u16(0);
  out.u32(from.value);
  out.u32(to.value);
  out.u64(7);
  out.bytes(body);
  base::ByteWriter(bytes).set_u32(
      0, static_cast<std::uint32_t>(bytes.size() - wire::kRaftkvPrefixBytes));
  wire::raftkv_seal(bytes);
  return bytes;
}

inline std::string hello(NodeId from, NodeId to) {
  return frame(wire::RaftkvType::Hello, from, to, "\1");
}

// An AppendEntries of n1 that is told from others by its commit index, with a payload.
inline std::string append(std::uint64_t number, std::size_t payload = 0) {
  std::string body;
  base::ByteWriter out(body);
  for (const std::uint64_t value : {4U, 3U, 9U}) out.u64(value);
  out.u64(number);
  out.u64(12);
  out.u32(payload == 0 ? 0 : 1);
  if (payload > 0) {
    out.u64(4);
    out.u8(1);
    out.u32(static_cast<std::uint32_t>(payload));
    out.bytes(std::string(payload, 'x'));
  }
  return frame(wire::RaftkvType::AppendEntries, kOne, kTwo, body);
}

// Decides by the commit index of an AppendEntries.
class Judge final : public MessageWatcher {
 public:
  Fate seen(const wire::Observation& observation, const wire::Frame& frame) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(observation.id, seen_.size() + 1);
    EXPECT_EQ(observation.from, frame.direction == wire::Direction::FromDialer ? kOne : kTwo);
    seen_.push_back(observation);
    if (!decide || !observation.message.commit) return {};
    return decide(observation.message.commit->value(), frame);
  }
  void refused(std::uint64_t id, const std::string& why) override {
    ADD_FAILURE() << "message " << id << ": " << why;
  }
  void lost(std::uint64_t ticket) override {
    const std::lock_guard lock(mutex_);
    lost_.insert(ticket);
  }
  void opaque(history::DirectedPair, std::uint64_t, const std::string& why) override {
    const std::lock_guard lock(mutex_);
    opaque_.push_back(why);
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }
  wire::Observation at(std::size_t position) const {
    const std::lock_guard lock(mutex_);
    return seen_.at(position);
  }
  std::set<std::uint64_t> lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
  }
  std::vector<std::string> opaque() const {
    const std::lock_guard lock(mutex_);
    return opaque_;
  }

  std::function<Fate(std::uint64_t, const wire::Frame&)> decide;

 private:
  mutable std::mutex mutex_;
  std::vector<wire::Observation> seen_;
  std::set<std::uint64_t> lost_;
  std::vector<std::string> opaque_;
};

// Two hosts, the monitor that shows a judge what they say, and one connection.
class Messages : public testing::Test {
 protected:
  void begin(bool act = true) {
    world_.monitor({.protocol = wire::Protocol::Raftkv, .watcher = &judge_, .act = act});
    pair_ = world_.connected();
    ASSERT_TRUE(pair_.client.send(hello(kOne, kTwo)));
    EXPECT_EQ(pair_.server.receive(), hello(kOne, kTwo));
  }
  // The message with this number meets `fate`.
  void set(std::uint64_t number, const Fate& fate) {
    judge_.decide = [number, fate](std::uint64_t seen, const wire::Frame&) {
      return seen == number ? fate : Fate{};
    };
  }
  // What comes at n2 until its bytes are as many.
  std::string receive(std::size_t bytes) {
    std::string all;
    while (all.size() < bytes) {
      const std::string part = pair_.server.receive(bytes - all.size());
      if (part.empty()) break;
      all += part;
    }
    return all;
  }

  Judge judge_;
  World world_{2};
  World::Pair pair_;
};

inline std::uint64_t test_seed() {
  const char* given = std::getenv("MONITOR_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  std::cout << "MONITOR_SEED=" << seed << '\n';
  return seed;
}

}  // namespace check::monitor
