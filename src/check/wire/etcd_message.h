// SPDX-License-Identifier: Apache-2.0
// raftpb.Message, the message of etcd's Raft (raftpb/raft.proto), and what it means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/wire/message.h"

namespace check::wire {

// Numbers of its fields.
struct RaftpbField {
  static constexpr std::uint32_t kType = 1;
  static constexpr std::uint32_t kTo = 2;
  static constexpr std::uint32_t kFrom = 3;
  static constexpr std::uint32_t kTerm = 4;
  static constexpr std::uint32_t kLogTerm = 5;
  static constexpr std::uint32_t kIndex = 6;
  static constexpr std::uint32_t kEntries = 7;
  static constexpr std::uint32_t kCommit = 8;
  static constexpr std::uint32_t kSnapshot = 9;
  static constexpr std::uint32_t kReject = 10;
  static constexpr std::uint32_t kRejectHint = 11;
  static constexpr std::uint32_t kContext = 12;
};

// Numbers of types that are told apart here.
struct RaftpbType {
  static constexpr std::uint64_t kBeat = 1;  // Within one node; ignored when it comes from another.
  static constexpr std::uint64_t kApp = 3;
  static constexpr std::uint64_t kHeartbeat = 8;
};

// What is known about a sender beyond the message.
struct EtcdSender {
  // A refused append hints at the sender's last index: 3.4 and before. Later ones search further
  // back, and their hint is something else.
  bool hints_last_index = false;
};

// None: a link heartbeat, by which the transport keeps a stream busy.
// Terms and indices are at most 2^62; entries of an append follow each other without a gap.
base::Result<std::optional<Message>> parse_raftpb(std::string_view bytes, const EtcdSender& sender);

base::Result<Entry> parse_raftpb_entry(std::string_view bytes);

// Appends the message without entries' content: `entries` are encoded already, each as a
// raftpb.Entry.
class RaftpbAppend {
 public:
  explicit RaftpbAppend(const Message& append);  // An AppendEntries.
  void entry(std::string_view encoded);
  // The whole message. Call once.
  std::string finish();

 private:
  std::string bytes_;
  std::uint64_t commit_;
};

// The message with one integer field set, whether it was there before or not.
std::string with_raftpb(std::string_view message, std::uint32_t field, std::uint64_t value);

// Where the one byte is that says the type; none if it is not there or not one byte.
std::optional<std::size_t> raftpb_type_offset(std::string_view message);

std::string etcd_id(std::uint64_t id);             // As etcd prints it: "2361f4b98672e2cb".
std::uint64_t etcd_id_value(std::string_view id);  // 0: not an id.

// "etcd sends no message of type 24".
base::Error etcd_nonsense(std::string_view what, std::uint64_t value);
constexpr std::uint64_t kEtcdMostIndex = std::uint64_t{1} << 62U;
constexpr std::size_t kEtcdMostEntries = std::size_t{1} << 20U;  // Of one message.

}  // namespace check::wire
