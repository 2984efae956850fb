// SPDX-License-Identifier: Apache-2.0
#include "journal/layout.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "io/disk.h"

namespace journal {

namespace {

constexpr std::string_view kSegmentMagic = "SWJOURNL";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSegmentChecksumAt = 8;
constexpr std::size_t kSegmentChecked = 12;

constexpr std::uint32_t kFrameMagic = 0x4d415246;  // "FRAM"
constexpr std::size_t kFrameChecksumAt = 4;
constexpr std::size_t kFrameChecked = 8;

constexpr std::size_t kDigits = 16;
constexpr std::string_view kSuffix = ".journal";

// The place is in the checksum but not in the bytes: a frame that lies elsewhere, left over from
// another life of the file or written to the wrong place, is none.
std::uint32_t frame_checksum(std::string_view bytes, const Place& place) {
  std::string where;
  base::ByteWriter writer(where);
  writer.u64(place.sequence);
  writer.u64(place.offset);
  return base::crc32c(bytes.substr(kFrameChecked), base::crc32c(where));
}

}  // namespace

std::string segment_name(std::uint64_t sequence) {
  std::string digits = std::to_string(sequence);
  CHECK(digits.size() <= kDigits, sequence);
  digits.insert(0, kDigits - digits.size(), '0');
  return digits + std::string(kSuffix);
}

bool is_segment_name(std::string_view name) { return name.ends_with(kSuffix); }

std::optional<std::uint64_t> segment_sequence(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !is_segment_name(name)) return std::nullopt;
  std::uint64_t sequence = 0;
  for (const char digit : name.substr(0, kDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    sequence = sequence * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return sequence;
}

std::string encode(const SegmentHeader& header) {
  std::string out;
  base::ByteWriter writer(out);
  writer.bytes(kSegmentMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(kVersion);
  writer.u64(header.cluster);
  writer.u32(header.node.value);
  writer.u32(header.chain);
  writer.u64(header.sequence);
  writer.u64(header.first_frame);
  writer.u64(header.summary.next.value());
  writer.u64(header.summary.base.term.value());
  writer.u64(header.summary.base.index.value());
  writer.u64(header.summary.hard_state.term.value());
  writer.u32(header.summary.hard_state.vote ? 1 : 0);
  writer.u32(header.summary.hard_state.vote.value_or(raft::NodeId{}).value);
  writer.fill(kSegmentHeaderBytes - writer.size_bytes(), '\0');
  writer.set_u32(kSegmentChecksumAt, base::crc32c(std::string_view(out).substr(kSegmentChecked)));
  return out;
}

base::Result<SegmentHeader> decode_segment_header(std::string_view bytes) {
  CHECK(bytes.size() == kSegmentHeaderBytes, bytes.size());
  base::ByteReader in(bytes);
  if (in.bytes(kSegmentMagic.size()) != kSegmentMagic ||
      in.u32() != base::crc32c(bytes.substr(kSegmentChecked))) {
    return base::Error{base::ErrorCode::Corrupt, "the segment header is damaged"};
  }
  if (const std::uint32_t version = in.u32(); version != kVersion) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "version " + std::to_string(version) + " of the format is not known here"};
  }
  SegmentHeader header;
  header.cluster = in.u64();
  header.node = {in.u32()};
  header.chain = in.u32();
  header.sequence = in.u64();
  header.first_frame = in.u64();
  header.summary.next = raft::LogIndex(in.u64());
  header.summary.base.term = raft::Term(in.u64());
  header.summary.base.index = raft::LogIndex(in.u64());
  header.summary.hard_state.term = raft::Term(in.u64());
  const bool voted = in.u32() != 0;
  const raft::NodeId vote{in.u32()};
  if (voted) header.summary.hard_state.vote = vote;
  return header;
}

std::string encode(const FrameHeader& header, const Place& place) {
  std::string out;
  base::ByteWriter writer(out);
  writer.u32(kFrameMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(header.body_bytes);
  writer.u32(header.body_checksum);
  writer.u32(header.chain);
  writer.u32(header.zero_sectors);
  writer.u64(header.number);
  writer.set_u32(kFrameChecksumAt, frame_checksum(out, place));
  return out;
}

std::optional<FrameHeader> decode_frame_header(std::string_view bytes, const Place& place) {
  CHECK(bytes.size() == kFrameHeaderBytes, bytes.size());
  base::ByteReader in(bytes);
  if (in.u32() != kFrameMagic || in.u32() != frame_checksum(bytes, place)) return std::nullopt;
  FrameHeader header;
  header.body_bytes = in.u32();
  header.body_checksum = in.u32();
  header.chain = in.u32();
  header.zero_sectors = in.u32();
  header.number = in.u64();
  return header;
}

std::uint32_t checksum_of_segment_header(std::string_view bytes) {
  return base::ByteReader(bytes.substr(kSegmentChecksumAt)).u32();
}

std::uint32_t checksum_of_frame_header(std::string_view bytes) {
  return base::ByteReader(bytes.substr(kFrameChecksumAt)).u32();
}

std::uint32_t zero_sectors(std::string_view bytes, std::uint64_t offset) {
  std::uint32_t count = 0;
  std::size_t begin = io::kSectorBytes - offset % io::kSectorBytes;
  for (; begin < bytes.size(); begin += io::kSectorBytes) {
    if (all_zeros(bytes.substr(begin, io::kSectorBytes))) count += 1;
  }
  return count;
}

bool all_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace journal
