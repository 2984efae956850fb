// SPDX-License-Identifier: Apache-2.0
// What servers send each other over a byte stream, as values; docs/formats/peer-protocol.md has the
// bytes.
//
//   connection:  Hello  frame frame frame ...
//   frame:       length  crc32c  version  type  from  to  cluster  lives  body
//
// Besides the messages of Raft, a follower passes its clients' commands and reads on to the leader
// (Forward) and gets an answer (ForwardReply).
#pragma once

#include <algorithm>
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

// One run of a server's process: a number drawn anew at each start. 0: not known.
struct Incarnation {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Incarnation, Incarnation) = default;
};

// Which versions of the protocol this program speaks: its own, and down to that of the last
// release, so that the servers of a cluster can be upgraded one by one. Two servers speak the lower
// of what each speaks at most; a Hello, which says so, is always of the oldest.
inline constexpr std::uint8_t kProtocolVersion = 2;
inline constexpr std::uint8_t kOldestVersion = 2;

// Stands in every frame, so that nothing is believed that is from another cluster, for another
// server, or from or for a former life of one of the two.
struct Address {
  ClusterId cluster;
  raft::NodeId from;
  raft::NodeId to;
  Incarnation from_life = {};
  Incarnation to_life = {};  // As `from` knows it; 0, in a Hello only: it does not know yet.
  std::uint8_t version = kProtocolVersion;  // Of the frame. A Hello has kOldestVersion, always.
  friend bool operator==(const Address&, const Address&) = default;
};

// The first frame of a connection in each direction, and only that. Over datagrams it may come at
// any time: whoever gets a `question` that is not 0 gives it back as the `answer` of a Hello of his
// own, so that it is known which of his lives is the present one.
struct Hello {
  std::uint8_t version = kProtocolVersion;  // The highest that the sender speaks.
  std::uint64_t question = 0;
  std::uint64_t answer = 0;

  // What two servers speak with each other, if this is the other's.
  std::uint8_t common_version() const { return std::min(version, kProtocolVersion); }
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
