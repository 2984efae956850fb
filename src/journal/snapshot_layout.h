// SPDX-License-Identifier: Apache-2.0
// A snapshot file, byte by byte (docs/formats/snapshot.md).
//
//   [header, configuration][chunk][chunk] ... [end]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "raft/types.h"

namespace journal {

struct SnapshotMeta {
  raft::EntryId last;         // The last entry in it.
  std::string configuration;  // Encoded; of the members at that entry. At most kMaxConfiguration.
};

inline constexpr std::size_t kMaxConfiguration = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxChunk = std::size_t{1} << 20U;

inline constexpr std::size_t kSnapshotHeaderBytes = 44;  // Before the configuration.
inline constexpr std::size_t kChunkHeaderBytes = 16;
inline constexpr std::size_t kSnapshotEndBytes = 32;

// "0000000000000042-0000000000000003" and an ending; by name is by index, then by term.
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
inline constexpr std::string_view kStagedSuffix = ".staged";
inline constexpr std::string_view kWritingSuffix = ".writing";
std::string snapshot_name(raft::EntryId last, std::string_view suffix);
std::optional<raft::EntryId> snapshot_id(std::string_view name, std::string_view suffix);

inline constexpr std::uint32_t kSnapshotVersion = 1;

struct SnapshotHeader {
  std::uint32_t version = 0;
  std::uint64_t cluster = 0;
  raft::EntryId last;
  std::uint32_t configuration_bytes = 0;
  std::uint32_t checksum = 0;  // Of all of it and of the configuration.
};
std::string encode_snapshot_header(std::uint64_t cluster, const SnapshotMeta& meta);
// Without a look at the checksum, which covers the configuration, too. All versions begin with
// these fields, so that a damaged one is not taken for another version.
std::optional<SnapshotHeader> decode_snapshot_header(std::string_view bytes);
bool is_whole(std::string_view header_and_configuration, const SnapshotHeader& header);

// All checksums begin with that of the header: the chunk of one snapshot is none of another.
struct ChunkHeader {
  std::uint32_t bytes = 0;
  std::uint32_t number = 0;  // From 0.
  std::uint32_t checksum = 0;
};
std::string encode_chunk_header(std::uint32_t number, std::string_view data, std::uint32_t seed);
std::optional<ChunkHeader> decode_chunk_header(std::string_view bytes);
std::uint32_t chunk_checksum(std::string_view header, std::string_view data, std::uint32_t seed);

// `digest`: the checksum of the checksums of all chunks.
struct SnapshotEnd {
  std::uint64_t chunks = 0;
  std::uint64_t data_bytes = 0;
  std::uint32_t digest = 0;
  friend bool operator==(const SnapshotEnd&, const SnapshotEnd&) = default;
};
std::string encode_snapshot_end(const SnapshotEnd& end, std::uint32_t seed);
std::optional<SnapshotEnd> decode_snapshot_end(std::string_view bytes, std::uint32_t seed);
// What comes after a chunk begins so: an end, not a chunk.
bool begins_an_end(std::string_view bytes);

// The digest after one more chunk.
std::uint32_t add_to_digest(std::uint32_t digest, std::uint32_t chunk_checksum);

}  // namespace journal
