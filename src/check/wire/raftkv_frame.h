// SPDX-License-Identifier: Apache-2.0
// One frame of raftkv, as docs/formats/peer-protocol.md has it. Written from that page alone, so
// that a mistake in the server's own code is not repeated here. Captures of version 1, which had no
// lives, can be read, too.
//
//   0       4       8  9  10     12      16      20              28              36              44
//   [length][crc32c][v][t][zero ][from  ][to    ][cluster       ][from's life   ][to's life ][body
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/wire/message.h"

namespace check::wire {

inline constexpr std::size_t kRaftkvPrefixBytes = 8;      // Not counted in `length`.
inline constexpr std::size_t kRaftkvFirstHeadBytes = 28;  // Of version 1.
inline constexpr std::size_t kRaftkvHeadBytes = 44;
inline constexpr std::uint64_t kRaftkvLargestPosition = std::uint64_t{1} << 62U;

enum class RaftkvType : std::uint8_t {
  Hello = 1,
  PreVote = 2,
  PreVoteReply = 3,
  RequestVote = 4,
  VoteReply = 5,
  AppendEntries = 6,
  AppendReply = 7,
  SnapshotChunk = 8,
  SnapshotReply = 9,
  TimeoutNow = 10,
  ReadIndexRequest = 11,
  ReadIndexReply = 12,
  TransferVote = 13,
  Forward = 32,
  ForwardReply = 33
};

struct RaftkvHead {
  std::size_t size = 0;  // Of the whole frame.
  std::uint8_t version = 0;
  RaftkvType type = RaftkvType::Hello;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint64_t cluster = 0;
  std::uint64_t from_life = 0;
  std::uint64_t to_life = 0;
  std::size_t bytes() const { return version == 1 ? kRaftkvFirstHeadBytes : kRaftkvHeadBytes; }
};

// The head at the beginning of `bytes`; nothing if it is not all there yet. A length that no frame
// has is an error as soon as it is there.
base::Result<std::optional<RaftkvHead>> raftkv_head(std::string_view bytes);

// Whether the checksum of a whole frame is right, and setting it.
bool raftkv_is_sealed(std::string_view frame);
void raftkv_seal(std::string& frame);

// What a whole frame says; nothing for a Hello.
base::Result<std::optional<Message>> raftkv_message(const RaftkvHead& head, std::string_view frame);

}  // namespace check::wire
