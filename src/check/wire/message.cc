// SPDX-License-Identifier: Apache-2.0
#include "check/wire/message.h"

#include <array>

namespace check::wire {
namespace {

constexpr std::array<std::string_view, 16> kTypes = {
    "RequestVote",     "RequestVoteReply", "PreVote",      "PreVoteReply",
    "AppendEntries",   "AppendReply",      "Heartbeat",    "HeartbeatReply",
    "InstallSnapshot", "SnapshotReply",    "TimeoutNow",   "ReadIndex",
    "ReadIndexReply",  "Propose",          "ProposeReply", "Other"};

}  // namespace

std::uint64_t hash_of(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

std::string_view name(MessageType type) { return kTypes[static_cast<std::size_t>(type)]; }

std::string_view name(EntryKind kind) {
  switch (kind) {
    case EntryKind::Command:
      return "command";
    case EntryKind::Noop:
      return "noop";
    case EntryKind::Configuration:
      return "configuration";
    case EntryKind::Other:
      break;
  }
  return "other";
}

std::optional<MessageType> message_type(std::string_view name) {
  for (std::size_t at = 0; at < kTypes.size(); ++at) {
    if (kTypes[at] == name) return static_cast<MessageType>(at);
  }
  return std::nullopt;
}

std::optional<EntryKind> entry_kind(std::string_view name) {
  for (const EntryKind kind :
       {EntryKind::Command, EntryKind::Noop, EntryKind::Configuration, EntryKind::Other}) {
    if (wire::name(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace check::wire
