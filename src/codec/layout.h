// SPDX-License-Identifier: Apache-2.0
// The bytes that encoder and decoder agree on (docs/formats/peer-protocol.md).
//
//   0       4       8  9  10     12      16      20              28              36              44
//   [length][crc32c][v][t][zero ][from  ][to    ][cluster       ][from's life   ][to's life ][body
#pragma once

#include <cstddef>
#include <cstdint>

namespace codec {

enum class Type : std::uint8_t {
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
  TransferVote = 13,  // RequestVote::transfer.
  Forward = 32,
  ForwardReply = 33,
};

// Bits of an AppendReply.
inline constexpr std::uint8_t kSuccessFlag = 1;
inline constexpr std::uint8_t kLostFlag = 2;

enum class OutcomeTag : std::uint8_t { Done = 1, NotDone = 2, Unknown = 3 };

// `length` counts what follows length and checksum.
inline constexpr std::size_t kPrefixBytes = 8;
inline constexpr std::size_t kHeadBytes = 44;
// The least that a head has in any version, so that a peer of another one is told so.
inline constexpr std::size_t kLeastHeadBytes = 28;

// What an entry takes besides its payload: term, kind, length.
inline constexpr std::size_t kEntryHeadBytes = 13;

}  // namespace codec
