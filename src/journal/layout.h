// SPDX-License-Identifier: Apache-2.0
// Segments and frames, byte by byte (docs/formats/journal.md).
//
//   segment: [header 128][frame][frame] ... [zeros, where it was written in advance]
//   frame:   [header 32][records][padding, 1..32 bytes]      begins at a multiple of 32
//
// A header never crosses a sector, so a crash leaves it whole or not written at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "raft/effects.h"

namespace journal {

inline constexpr std::size_t kSegmentHeaderBytes = 128;
inline constexpr std::size_t kFrameHeaderBytes = 32;
inline constexpr std::size_t kAlignment = 32;
inline constexpr char kPadding = '\xa5';

// Terms and indices end here, so that the next one never overflows.
inline constexpr std::uint64_t kMaxPosition = std::uint64_t{1} << 62U;

// What all frames before a segment have led to. Restated in its header, so that one day the
// segments before it can be dropped.
struct Summary {
  raft::HardState hard_state;
  raft::EntryId base;                       // The log begins after this entry.
  raft::LogIndex next = raft::LogIndex(1);  // The index that the next entry will have.
  friend bool operator==(const Summary&, const Summary&) = default;
};

struct SegmentHeader {
  std::uint64_t cluster = 0;
  raft::NodeId node;
  std::uint64_t sequence = 0;
  std::uint64_t first_frame = 0;  // The number of the first frame in it.
  std::uint32_t chain = 0;        // Checksum of the last frame before the seal; 0 in the first.
  Summary summary;
};

struct FrameHeader {
  std::uint64_t number = 0;         // Counts the frames of the journal from 1.
  std::uint32_t body_bytes = 0;     // Without the padding.
  std::uint32_t body_checksum = 0;  // With the padding.
  std::uint32_t chain = 0;          // Checksum of the frame, or the segment header, before.
  std::uint32_t zero_sectors = 0;   // How many sectors of the frame are all zeros (zero_sectors()).
};

// "0000000000000001.journal" and back. Other names have no sequence.
std::string segment_name(std::uint64_t sequence);
std::optional<std::uint64_t> segment_sequence(std::string_view name);
bool is_segment_name(std::string_view name);

// 128 bytes, and back. The checksum is in the bytes 8..11.
std::string encode(const SegmentHeader& header);
base::Result<SegmentHeader> decode_segment_header(std::string_view bytes);

// 32 bytes, for the place in segment `sequence` at `offset`, and back: nothing if the bytes are no
// frame header of this place. The checksum is in the bytes 4..7.
struct Place {
  std::uint64_t sequence = 0;
  std::uint64_t offset = 0;
};
std::string encode(const FrameHeader& header, const Place& place);
std::optional<FrameHeader> decode_frame_header(std::string_view bytes, const Place& place);

// The checksum inside an encoded header, which the next frame repeats.
std::uint32_t checksum_of_segment_header(std::string_view bytes);
std::uint32_t checksum_of_frame_header(std::string_view bytes);

// All of a frame with so many bytes of records.
constexpr std::uint64_t frame_bytes(std::uint64_t body_bytes) {
  return kFrameHeaderBytes + (body_bytes / kAlignment + 1) * kAlignment;
}

// The number of sectors that hold nothing but zeros, among those that begin inside the frame of
// `bytes` at `offset`. A sector that a crash kept from the disk reads as zeros: more of them than
// were written mean an unfinished frame, as many mean damage.
std::uint32_t zero_sectors(std::string_view bytes, std::uint64_t offset);

bool all_zeros(std::string_view bytes);

}  // namespace journal
