// SPDX-License-Identifier: Apache-2.0
// Datagrams as messages: what passes between two processes is a Conversation, as on a connection,
// except that each message is a datagram of its own.
//
//   UdpRelay --hear()--> a conversation for each two lives --> watcher --> emit() --> UdpRelay
//
// Belongs to the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "check/monitor/conversation.h"
#include "check/monitor/endpoint.h"
#include "check/monitor/link_table.h"
#include "check/monitor/loop.h"

namespace check::monitor {

class DatagramTalks {
 public:
  static constexpr std::size_t kMostTalks = 4096;  // The one not heard for longest makes room.

  // Sends a datagram on, from one end to the other.
  using Emit = std::function<void(Link&, const Endpoint& from, const Endpoint& to, std::string)>;

  // Requires: loop, links and context outlive it.
  DatagramTalks(Loop& loop, LinkTable& links, MessageContext& context, Emit emit)
      : loop_(loop), links_(links), context_(context), emit_(std::move(emit)) {}

  // A datagram of this link. True: its conversation has taken it, and emits what is to go on.
  // False: it goes on as it is.
  bool hear(Link& link, const Endpoint& from, const Endpoint& to, std::string_view bytes);
  void settle(std::uint64_t ticket, Settled settled);

 private:
  struct Key {
    Endpoint low;
    Endpoint high;
    std::uint64_t lives = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      const EndpointHash hash;
      return hash(key.low) * 31 + hash(key.high) + static_cast<std::size_t>(key.lives) * 127;
    }
  };
  struct Talk {
    Key key;
    std::uint64_t number = 0;
    std::array<Link*, 2> links{};  // From the low end, from the high end, the dialer being the low.
    std::unique_ptr<Conversation> conversation;
    std::uint64_t timer_ns = 0;  // When it has asked to be woken.
  };
  using Talks = std::list<Talk>;  // Last heard first.

  Talk* find_or_begin(Link& link, const Key& key);
  void carry_out(Talk& talk);
  void wake(std::uint64_t number);

  Loop& loop_;
  LinkTable& links_;
  MessageContext& context_;
  const Emit emit_;
  Talks talks_;
  std::unordered_map<Key, Talks::iterator, KeyHash> by_key_;
  std::unordered_map<std::uint64_t, Talks::iterator> by_number_;
};

}  // namespace check::monitor
