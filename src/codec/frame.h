// SPDX-License-Identifier: Apache-2.0
// What servers send each other over a byte stream, as values; docs/formats/peer-protocol.md has the
// bytes.
//
//   connection:  Hello  frame frame frame ...
//   frame:       length  crc32c  version  type  from  to  cluster  body
//
// Besides the messages of Raft, a follower passes its clients' commands and reads on to the leader
// (Forward) and gets an answer (ForwardReply).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "raft/message.h"

namespace codec {

// Which cluster a server belongs to, for ever; no two clusters share one.
struct ClusterId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(ClusterId, ClusterId) = default;
};

// Stands in every frame, so that nothing from another cluster or for another server is believed.
struct Address {
  ClusterId cluster;
  raft::NodeId from;
  raft::NodeId to;
  friend bool operator==(const Address&, const Address&) = default;
};

inline constexpr std::uint8_t kProtocolVersion = 1;

// The first frame of a connection in each direction, and only that.
struct Hello {
  std::uint8_t version = kProtocolVersion;  // The highest that the sender speaks.
};

// Asks `to` to do a client's request. `sequence` names it among the sender's requests on this
// connection; `payload` is for the state machine (an encoded kv::Command or kv::Query).
struct Forward {
  enum class Kind : std::uint8_t { Write = 1, Read = 2 };
  std::uint64_t sequence = 0;
  Kind kind = Kind::Write;
  std::string payload;
};

// Done: `payload` is the state machine's answer (an encoded kv::Reply).
struct ForwardDone {
  std::string payload;
};
// Certainly not done, now or later. `leader`: who may know better.
struct ForwardNotDone {
  enum class Reason : std::uint8_t { NotLeader = 1, Overloaded = 2 };
  Reason reason = Reason::NotLeader;
  std::optional<raft::NodeId> leader;
};
// A write that may or may not have taken, or may yet take, effect.
struct ForwardUnknown {};

struct ForwardReply {
  std::uint64_t sequence = 0;  // Forward::sequence of what this answers.
  std::variant<ForwardDone, ForwardNotDone, ForwardUnknown> outcome;
};

using Body = std::variant<Hello, raft::Message, Forward, ForwardReply>;

struct Frame {
  Address address;
  Body body;
};

}  // namespace codec
