// SPDX-License-Identifier: Apache-2.0
#include "journal/layout.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"

namespace journal {

namespace {

constexpr std::string_view kSegmentMagic = "SWJOURNL";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kSegmentChecksumAt = 8;
constexpr std::size_t kSegmentChecked = 12;

constexpr std::uint16_t kHeaderMagic = 0x4648;   // "HF"
constexpr std::uint16_t kTrailerMagic = 0x4654;  // "TF"
constexpr std::size_t kDescriptorChecksumAt = 4;
constexpr std::size_t kDescriptorChecked = 8;
constexpr std::uint16_t kVoted = 1;
constexpr std::uint16_t kWide = 2;
constexpr std::uint16_t kSeals = 4;

constexpr std::uint64_t kHeaderSector = 0xffffffff;  // In place of a number within a frame.

constexpr std::size_t kDigits = 16;
constexpr std::string_view kSuffix = ".journal";

void write_id(raft::EntryId id, base::ByteWriter& out) {
  out.u64(id.term.value());
  out.u64(id.index.value());
}

raft::EntryId read_id(base::ByteReader& in) {
  const raft::Term term(in.u64());
  return {term, raft::LogIndex(in.u64())};
}

// Of the identity and the bytes behind the checksum; flags and magic lie before it.
std::uint32_t descriptor_checksum(std::string_view bytes, const Identity& identity) {
  std::string who;
  base::ByteWriter writer(who);
  writer.u64(identity.cluster);
  writer.u32(identity.node.value);
  writer.bytes(bytes.substr(2, 2));
  return base::crc32c(bytes.substr(kDescriptorChecked), base::crc32c(who));
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
  if (sequence == 0 || sequence > 0xffffffffU) return std::nullopt;
  return sequence;
}

void encode(const State& state, std::string& out) {
  base::ByteWriter writer(out);
  writer.u64(state.hard_state.term.value());
  writer.u32(state.hard_state.vote ? 1 : 0);
  writer.u32(state.hard_state.vote.value_or(raft::NodeId{}).value);
  write_id(state.base, writer);
  write_id(state.last, writer);
  write_id(state.floor, writer);
}

std::optional<State> decode_state(std::string_view bytes) {
  CHECK(bytes.size() == kStateBytes, bytes.size());
  base::ByteReader in(bytes);
  State state;
  state.hard_state.term = raft::Term(in.u64());
  const bool voted = in.u32() != 0;
  const raft::NodeId vote{in.u32()};
  if (voted) state.hard_state.vote = vote;
  state.base = read_id(in);
  state.last = read_id(in);
  state.floor = read_id(in);
  const std::uint64_t most =
      std::max({state.hard_state.term.value(), state.base.term.value(), state.base.index.value(),
                state.last.term.value(), state.last.index.value(), state.floor.term.value(),
                state.floor.index.value()});
  if (most > kMaxPosition || state.last.index < state.base.index) return std::nullopt;
  return state;
}

void encode(const Link& link, std::string& out) {
  base::ByteWriter writer(out);
  writer.u64(link.previous);
  writer.u64(link.first_frame);
  writer.u64(link.void_from);
  writer.u32(link.chain);
  encode(link.state, out);
}

std::optional<Link> decode_link(std::string_view bytes) {
  CHECK(bytes.size() == kLinkBytes, bytes.size());
  base::ByteReader in(bytes);
  Link link;
  link.previous = in.u64();
  link.first_frame = in.u64();
  link.void_from = in.u64();
  link.chain = in.u32();
  const std::optional<State> state = decode_state(bytes.substr(kLinkBytes - kStateBytes));
  if (!state || link.void_from > link.first_frame || link.first_frame > kMaxPosition) {
    return std::nullopt;
  }
  link.state = *state;
  return link;
}

std::string encode_segment_header(const Identity& identity, std::uint64_t sequence,
                                  const Link& link) {
  std::string out;
  base::ByteWriter writer(out);
  writer.bytes(kSegmentMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(kVersion);
  writer.u64(identity.cluster);
  writer.u32(identity.node.value);
  writer.u32(0);
  writer.u64(sequence);
  encode(link, out);
  writer.fill(kSectorData - writer.size_bytes(), '\0');
  writer.u32(stamp(link.first_frame, kHeaderSector));
  writer.set_u32(kSegmentChecksumAt, base::crc32c(std::string_view(out).substr(kSegmentChecked)));
  return out;
}

base::Status check_identity(base::ByteReader& in, std::uint32_t version, const Identity& identity) {
  if (const std::uint32_t found = in.u32(); found != version) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "version " + std::to_string(found) + " of the format is not known here"};
  }
  const std::uint64_t cluster = in.u64();
  const raft::NodeId node{in.u32()};
  in.u32();
  if (cluster != identity.cluster)
    return base::Error{base::ErrorCode::InvalidArgument, std::string(kOtherCluster)};
  if (node != identity.node) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       std::string(kOtherNode) + std::to_string(node.value) +
                           ", but this is node " + std::to_string(identity.node.value)};
  }
  return base::Done{};
}

base::Result<Link> decode_segment_header(std::string_view sector, const Identity& identity,
                                         std::uint64_t sequence) {
  CHECK(sector.size() == io::kSectorBytes, sector.size());
  const base::Error damaged{base::ErrorCode::Corrupt, "the segment header is damaged"};
  base::ByteReader in(sector);
  if (in.bytes(kSegmentMagic.size()) != kSegmentMagic ||
      in.u32() != base::crc32c(sector.substr(kSegmentChecked))) {
    return damaged;
  }
  TRY([[maybe_unused]] const base::Done ours, check_identity(in, kVersion, identity));
  if (in.u64() != sequence) {
    return base::Error{base::ErrorCode::Corrupt, "the header is that of another segment"};
  }
  const std::optional<Link> link = decode_link(in.bytes(kLinkBytes));
  if (!link) return damaged;
  return *link;
}

std::uint64_t Descriptor::sectors() const {
  const std::uint64_t needed =
      (2 * kDescriptorBytes + std::uint64_t{body_bytes} + kSectorData - 1) / kSectorData;
  return std::max<std::uint64_t>(needed, wide ? 2 : 1);
}

std::uint32_t Descriptor::checksum(const Identity& identity) const {
  return base::ByteReader(
             std::string_view(encode(*this, Place::Header, identity)).substr(kDescriptorChecksumAt))
      .u32();
}

std::string encode(const Descriptor& descriptor, Place place, const Identity& identity) {
  std::string out;
  base::ByteWriter writer(out);
  const std::optional<raft::NodeId> vote = descriptor.hard_state.vote;
  writer.u16(place == Place::Header ? kHeaderMagic : kTrailerMagic);
  writer.u16(static_cast<std::uint16_t>((vote ? kVoted : 0) | (descriptor.wide ? kWide : 0) |
                                        (descriptor.seals ? kSeals : 0)));
  writer.u32(0);  // The checksum: see below.
  writer.u64(descriptor.number);
  writer.u32(descriptor.sequence);
  writer.u32(descriptor.first_sector);
  writer.u32(descriptor.body_bytes);
  writer.u32(descriptor.body_checksum);
  writer.u32(descriptor.chain);
  writer.u32(vote.value_or(raft::NodeId{}).value);
  writer.u64(descriptor.durable.value());
  writer.u64(descriptor.hard_state.term.value());
  write_id(descriptor.last, writer);
  CHECK(out.size() == kDescriptorBytes, out.size());
  writer.set_u32(kDescriptorChecksumAt, descriptor_checksum(out, identity));
  return out;
}

std::optional<Descriptor> decode_descriptor(std::string_view bytes, Place place,
                                            const Identity& identity) {
  CHECK(bytes.size() == kDescriptorBytes, bytes.size());
  base::ByteReader in(bytes);
  if (in.u16() != (place == Place::Header ? kHeaderMagic : kTrailerMagic)) return std::nullopt;
  const std::uint16_t flags = in.u16();
  if (in.u32() != descriptor_checksum(bytes, identity)) return std::nullopt;
  Descriptor descriptor;
  descriptor.number = in.u64();
  descriptor.sequence = in.u32();
  descriptor.first_sector = in.u32();
  descriptor.body_bytes = in.u32();
  descriptor.body_checksum = in.u32();
  descriptor.chain = in.u32();
  descriptor.wide = (flags & kWide) != 0;
  descriptor.seals = (flags & kSeals) != 0;
  const raft::NodeId vote{in.u32()};
  if ((flags & kVoted) != 0) descriptor.hard_state.vote = vote;
  descriptor.durable = raft::LogIndex(in.u64());
  descriptor.hard_state.term = raft::Term(in.u64());
  descriptor.last = read_id(in);
  const std::uint64_t most =
      std::max({descriptor.hard_state.term.value(), descriptor.number, descriptor.last.term.value(),
                descriptor.last.index.value()});
  if (most > kMaxPosition) return std::nullopt;
  return descriptor;
}

std::optional<Descriptor> descriptor_in(std::string_view sector, Place place,
                                        const Identity& identity) {
  const std::size_t at = place == Place::Header ? 0 : kSectorData - kDescriptorBytes;
  return decode_descriptor(sector.substr(at, kDescriptorBytes), place, identity);
}

std::uint32_t stamp(std::uint64_t number, std::uint64_t i) {
  const std::uint64_t mixed = (number * 0x9e3779b97f4a7c15U) ^ ((i + 1) * 0xbf58476d1ce4e5b9U);
  // Two bits of each byte are always set: no turned bit makes a byte zero.
  return (static_cast<std::uint32_t>(mixed >> 32U) & 0x3f3f3f3fU) | 0xc0c0c0c0U;
}

Sector judge(std::string_view sector, std::uint64_t number, std::uint64_t i) {
  const std::string_view found = sector.substr(kSectorData);
  std::string expected;
  base::ByteWriter(expected).u32(stamp(number, i));
  const std::size_t same = static_cast<std::size_t>(
      std::mismatch(found.begin(), found.end(), expected.begin()).first - found.begin());
  if (same == kStampBytes) return Sector::Written;
  return all_zeros(found.substr(same)) ? Sector::Unwritten : Sector::Foreign;
}

bool all_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace journal
