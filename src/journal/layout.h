// SPDX-License-Identifier: Apache-2.0
// Segments and frames, byte by byte (docs/formats/journal.md).
//
//   segment: [header, 1 sector][frame][frame] ... [zeros, written in advance]
//   frame:   [header 72][records][zeros][trailer 72]   spread over whole sectors:
//   sector:  [508 bytes of it][stamp 4]                a stamp is never zero, and no byte of it
//
// No sector belongs to two frames, so that nothing durable is ever written again. Header and
// trailer say the same: what damage leaves of a frame still tells what the frame has led to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "journal/storage.h"
#include "raft/effects.h"

namespace journal {

inline constexpr std::size_t kStampBytes = 4;
inline constexpr std::size_t kSectorData = io::kSectorBytes - kStampBytes;
inline constexpr std::size_t kDescriptorBytes = 72;

// What everything before some place has led to.
struct State {
  raft::HardState hard_state;
  raft::EntryId base;   // The log begins after this entry,
  raft::EntryId last;   // and ends with this one.
  raft::EntryId floor;  // Recovered::floor.
  friend bool operator==(const State&, const State&) = default;
};
inline constexpr std::size_t kStateBytes = 64;
void encode(const State& state, std::string& out);
// Requires: kStateBytes. Nothing if no State looks like this.
std::optional<State> decode_state(std::string_view bytes);

// Whose journal this is; in all checksums.
struct Identity {
  std::uint64_t cluster = 0;
  raft::NodeId node;
};

// Reads version, cluster and node, which all headers have behind their checksum. InvalidArgument:
// they are not those that are expected.
// Which one it is, a number does not tell a person: whoever knows the name that was given adds it.
inline constexpr std::string_view kOtherCluster = "belongs to a cluster of another name";
inline constexpr std::string_view kOtherNode = "belongs to node ";
base::Status check_identity(base::ByteReader& in, std::uint32_t version, const Identity& identity);

// How a segment continues what is before it. Restated, with the State, in its first frame.
struct Link {
  std::uint64_t previous = 0;     // The segment before; 0: none.
  std::uint64_t first_frame = 1;  // The number of its first frame.
  // Frames with this number and higher ones in segments before are void: first_frame, but lower in
  // a segment that begins a repaired log.
  std::uint64_t void_from = 1;
  std::uint32_t chain = 0;  // The checksum of the last frame before that is not void; 0: none.
  State state;
  friend bool operator==(const Link&, const Link&) = default;
};
inline constexpr std::size_t kLinkBytes = 28 + kStateBytes;
void encode(const Link& link, std::string& out);
std::optional<Link> decode_link(std::string_view bytes);

// One sector, and back: Corrupt if it is damaged, InvalidArgument if it is of another log or
// version.
std::string encode_segment_header(const Identity& identity, std::uint64_t sequence,
                                  const Link& link);
base::Result<Link> decode_segment_header(std::string_view sector, const Identity& identity,
                                         std::uint64_t sequence);

// The header of a frame, and its trailer.
struct Descriptor {
  std::uint32_t sequence = 0;      // Where it lies: in this segment,
  std::uint32_t first_sector = 0;  // from here on.
  std::uint64_t number = 0;        // Counts the frames of the journal from 1.
  std::uint32_t body_bytes = 0;
  std::uint32_t body_checksum = 0;
  std::uint32_t chain = 0;     // Checksum of the frame before.
  bool wide = false;           // Two sectors at least.
  bool seals = false;          // The last of its segment.
  raft::LogIndex durable;      // The last entry before this frame: the low-water mark.
  raft::HardState hard_state;  // What the frame has led to.
  raft::EntryId last;
  friend bool operator==(const Descriptor&, const Descriptor&) = default;

  std::uint64_t sectors() const;
  std::uint64_t offset() const { return std::uint64_t{first_sector} * io::kSectorBytes; }
  std::uint64_t end() const { return offset() + sectors() * io::kSectorBytes; }
  // Its checksum, which the next frame repeats.
  std::uint32_t checksum(const Identity& identity) const;
};
enum class Place : std::uint8_t { Header, Trailer };
std::string encode(const Descriptor& descriptor, Place place, const Identity& identity);
std::optional<Descriptor> decode_descriptor(std::string_view bytes, Place place,
                                            const Identity& identity);
// A descriptor of this kind in a sector, whatever frame it is of.
std::optional<Descriptor> descriptor_in(std::string_view sector, Place place,
                                        const Identity& identity);

// The most entries that fit into a frame of one sector.
inline constexpr std::uint64_t kEntryRecordBytes = 22;
inline constexpr std::uint64_t kEntriesOfASector =
    (kSectorData - 2 * kDescriptorBytes) / kEntryRecordBytes;

// The stamp of sector `i` of frame `number`, and what the bytes of one say.
std::uint32_t stamp(std::uint64_t number, std::uint64_t i);
enum class Sector : std::uint8_t {
  Written,
  Unwritten,  // Its end was never written: zeros, or some first bytes of the stamp and zeros.
  Foreign     // Neither: damaged.
};
Sector judge(std::string_view sector, std::uint64_t number, std::uint64_t i);

// "0000000000000001.journal" and back. Other names have no sequence.
std::string segment_name(std::uint64_t sequence);
std::optional<std::uint64_t> segment_sequence(std::string_view name);
bool is_segment_name(std::string_view name);

bool all_zeros(std::string_view bytes);

}  // namespace journal
