// SPDX-License-Identifier: Apache-2.0
#include "journal/snapshot_layout.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"

namespace journal {

namespace {

constexpr std::string_view kMagic = "SWSNAPSH";
constexpr std::size_t kChecksumAt = 8;
constexpr std::size_t kChecked = 12;

constexpr std::uint32_t kChunkMagic = 0x4b4e4843;  // "CHNK"
constexpr std::uint32_t kEndMagic = 0x21444e45;    // "END!"
constexpr std::size_t kPartChecked = 8;

constexpr std::size_t kDigits = 16;

std::string digits_of(std::uint64_t value) {
  std::string digits = std::to_string(value);
  CHECK(digits.size() <= kDigits, value);
  return std::string(kDigits - digits.size(), '0') + digits;
}

std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

}  // namespace

std::string snapshot_name(raft::EntryId last, std::string_view suffix) {
  return digits_of(last.index.value()) + '-' + digits_of(last.term.value()) + std::string(suffix);
}

std::optional<raft::EntryId> snapshot_id(std::string_view name, std::string_view suffix) {
  if (name.size() != 2 * kDigits + 1 + suffix.size() || !name.ends_with(suffix) ||
      name[kDigits] != '-') {
    return std::nullopt;
  }
  const auto index = number_of(name.substr(0, kDigits));
  const auto term = number_of(name.substr(kDigits + 1, kDigits));
  if (!index || !term) return std::nullopt;
  return raft::EntryId{raft::Term(*term), raft::LogIndex(*index)};
}

std::string encode_snapshot_header(std::uint64_t cluster, const SnapshotMeta& meta) {
  CHECK(meta.configuration.size() <= kMaxConfiguration, meta.configuration.size());
  std::string out;
  base::ByteWriter writer(out);
  writer.bytes(kMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(kSnapshotVersion);
  writer.u64(cluster);
  writer.u64(meta.last.term.value());
  writer.u64(meta.last.index.value());
  writer.sized(meta.configuration);
  writer.set_u32(kChecksumAt, base::crc32c(std::string_view(out).substr(kChecked)));
  return out;
}

std::optional<SnapshotHeader> decode_snapshot_header(std::string_view bytes) {
  CHECK(bytes.size() == kSnapshotHeaderBytes, bytes.size());
  base::ByteReader in(bytes);
  if (in.bytes(kMagic.size()) != kMagic) return std::nullopt;
  SnapshotHeader header;
  header.checksum = in.u32();
  header.version = in.u32();
  header.cluster = in.u64();
  header.last.term = raft::Term(in.u64());
  header.last.index = raft::LogIndex(in.u64());
  header.configuration_bytes = in.u32();
  if (header.configuration_bytes > kMaxConfiguration) return std::nullopt;
  return header;
}

bool is_whole(std::string_view header_and_configuration, const SnapshotHeader& header) {
  return base::crc32c(header_and_configuration.substr(kChecked)) == header.checksum;
}

std::string encode_chunk_header(std::uint32_t number, std::string_view data, std::uint32_t seed) {
  CHECK(data.size() <= kMaxChunk, data.size());
  std::string out;
  base::ByteWriter writer(out);
  writer.u32(kChunkMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(static_cast<std::uint32_t>(data.size()));
  writer.u32(number);
  writer.set_u32(4, chunk_checksum(out, data, seed));
  return out;
}

std::optional<ChunkHeader> decode_chunk_header(std::string_view bytes) {
  CHECK(bytes.size() == kChunkHeaderBytes, bytes.size());
  base::ByteReader in(bytes);
  if (in.u32() != kChunkMagic) return std::nullopt;
  ChunkHeader header;
  header.checksum = in.u32();
  header.bytes = in.u32();
  header.number = in.u32();
  if (header.bytes > kMaxChunk) return std::nullopt;
  return header;
}

std::uint32_t chunk_checksum(std::string_view header, std::string_view data, std::uint32_t seed) {
  return base::crc32c(data, base::crc32c(header.substr(kPartChecked), seed));
}

std::string encode_snapshot_end(const SnapshotEnd& end, std::uint32_t seed) {
  std::string out;
  base::ByteWriter writer(out);
  writer.u32(kEndMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u64(end.chunks);
  writer.u64(end.data_bytes);
  writer.u32(end.digest);
  writer.u32(0);
  writer.set_u32(4, base::crc32c(std::string_view(out).substr(kPartChecked), seed));
  return out;
}

std::optional<SnapshotEnd> decode_snapshot_end(std::string_view bytes, std::uint32_t seed) {
  CHECK(bytes.size() == kSnapshotEndBytes, bytes.size());
  base::ByteReader in(bytes);
  if (in.u32() != kEndMagic) return std::nullopt;
  if (in.u32() != base::crc32c(bytes.substr(kPartChecked), seed)) return std::nullopt;
  SnapshotEnd end;
  end.chunks = in.u64();
  end.data_bytes = in.u64();
  end.digest = in.u32();
  return end;
}

bool begins_an_end(std::string_view bytes) { return base::ByteReader(bytes).u32() == kEndMagic; }

std::uint32_t add_to_digest(std::uint32_t digest, std::uint32_t chunk_checksum) {
  std::string bytes;
  base::ByteWriter(bytes).u32(chunk_checksum);
  return base::crc32c(bytes, digest);
}

}  // namespace journal
