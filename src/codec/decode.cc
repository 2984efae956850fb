// SPDX-License-Identifier: Apache-2.0
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 at -O2 takes the inactive members of moved variants for uninitialized.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "codec/decode.h"

#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "codec/body.h"
#include "codec/layout.h"
#include "mutant/mutant.h"

namespace codec {

namespace {

constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kTypeAt = 9;
constexpr std::size_t kZeroAt = 10;
constexpr std::size_t kFromAt = 12;
constexpr std::size_t kToAt = 16;
constexpr std::size_t kClusterAt = 20;
constexpr std::size_t kFromLifeAt = 28;
constexpr std::size_t kToLifeAt = 36;

base::Error wrong(const std::string& what, std::uint64_t at) {
  return {base::ErrorCode::InvalidArgument, "frame: " + what + " at byte " + std::to_string(at)};
}

std::string spoken_versions() {
  std::string newest = std::to_string(kProtocolVersion);
  if (kOldestVersion == kProtocolVersion) return newest;
  return std::to_string(kOldestVersion) + " to " + newest;
}

std::string name(raft::NodeId id) { return 'n' + std::to_string(id.value); }

base::Error too_short(std::size_t size, std::size_t least, std::uint64_t origin) {
  return wrong("length " + std::to_string(size - kPrefixBytes) + " is less than a head's " +
                   std::to_string(least - kPrefixBytes),
               origin);
}

// The size of the frame that begins here; nothing if even that is not there yet.
base::Result<std::optional<std::size_t>> frame_size(std::string_view bytes, const Limits& limits,
                                                    std::uint64_t origin) {
  if (bytes.size() < sizeof(std::uint32_t)) return std::optional<std::size_t>();
  const std::size_t size = kPrefixBytes + base::ByteReader(bytes).u32();
  if (size < kLeastHeadBytes) return too_short(size, kLeastHeadBytes, origin);
  if (size > limits.frame_bytes) {
    return wrong(std::to_string(size) + " bytes are more than the limit of " +
                     std::to_string(limits.frame_bytes),
                 origin);
  }
  return std::optional(size);
}

base::Result<Frame> decode_whole(std::string_view bytes, std::uint64_t origin) {
  base::ByteReader in(bytes.substr(0, kHeadBytes));
  (void)in.u32();
  const std::uint32_t checksum = in.u32();
  const std::uint32_t of_length = base::crc32c(bytes.substr(0, 4));
  const bool whole = base::crc32c(bytes.substr(kPrefixBytes), of_length) == checksum;
  if (!whole && !MUTANT(FrameIsNotChecked)) {
    return wrong("the checksum does not match", origin);
  }
  const std::uint8_t version = in.u8();
  const std::uint8_t type = in.u8();
  if (version < kOldestVersion || version > kProtocolVersion) {
    return wrong("version " + std::to_string(version) + " of the protocol, this program speaks " +
                     spoken_versions(),
                 origin + kVersionAt);
  }
  if (bytes.size() < kHeadBytes) return too_short(bytes.size(), kHeadBytes, origin);
  if (in.u16() != 0) return wrong("two bytes that must be zero are not", origin + kZeroAt);
  const raft::NodeId from{in.u32()};
  const raft::NodeId to{in.u32()};
  const Address address{{in.u64()}, from, to, {in.u64()}, {in.u64()}, version};
  const BodyPlace place{origin + kTypeAt, origin + kHeadBytes};
  TRY(Body body, decode_body(type, bytes.substr(kHeadBytes), place));
  return Frame{address, std::move(body)};
}

// Hazard: an address that is used again, by another cluster, another server of this one, or the
// same one after a restart.
base::Status check_address(const Frame& frame, const Expected& expected, std::uint64_t origin) {
  const Address& address = frame.address;
  if (address.cluster != expected.cluster && !MUTANT(OtherClustersAreHeard)) {
    return wrong("for cluster " + std::to_string(address.cluster.value) + ", this is cluster " +
                     std::to_string(expected.cluster.value) +
                     " (another name, or one from before a recovery)",
                 origin + kClusterAt);
  }
  if (address.to != expected.self && !MUTANT(ForeignMailIsOpened)) {
    return wrong("for " + name(address.to) + ", this is " + name(expected.self), origin + kToAt);
  }
  if (expected.from && address.from != *expected.from) {
    return wrong("from " + name(address.from) + " on the connection of " + name(*expected.from),
                 origin + kFromAt);
  }
  const bool strangers = std::holds_alternative<Hello>(frame.body) && address.to_life.value == 0;
  if (address.to_life != expected.life && !strangers && !MUTANT(FormerLivesAreHeard)) {
    return wrong("for another life of " + name(address.to), origin + kToLifeAt);
  }
  return base::Done{};
}

}  // namespace

base::Result<std::optional<Decoded>> decode_frame(std::string_view bytes, const Limits& limits,
                                                  std::uint64_t origin) {
  TRY(const std::optional<std::size_t> size, frame_size(bytes, limits, origin));
  if (!size || bytes.size() < *size) return std::optional<Decoded>();
  TRY(Frame frame, decode_whole(bytes.substr(0, *size), origin));
  return std::optional(Decoded{std::move(frame), *size});
}

Decoder::Decoder(const Expected& expected, const Limits& limits)
    : expected_(expected), limits_(limits) {}

void Decoder::feed(std::string_view bytes) {
  if (failure_) return;
  if (begin_ == buffer_.size() || begin_ > bytes.size()) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

base::Result<std::optional<Frame>> Decoder::next() {
  if (failure_) return *failure_;
  base::Result<std::optional<Frame>> result = decode_next();
  if (!result.ok()) {
    failure_ = result.error();
    buffer_ = std::string();
  }
  return result;
}

base::Result<std::optional<Frame>> Decoder::decode_next() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  TRY(std::optional<Decoded> decoded, decode_frame(rest, limits_, stream_begin_));
  if (!decoded) return std::optional<Frame>();

  TRY([[maybe_unused]] const base::Done ours,
      check_address(decoded->frame, expected_, stream_begin_));
  TRY([[maybe_unused]] const base::Done his, check_sender(decoded->frame));
  greeted_ = true;
  expected_.from = decoded->frame.address.from;
  peer_life_ = decoded->frame.address.from_life;
  if (const auto* hello = std::get_if<Hello>(&decoded->frame.body)) {
    version_ = hello->common_version();
  }
  begin_ += decoded->size_bytes;
  stream_begin_ += decoded->size_bytes;
  return std::optional(std::move(decoded->frame));
}

base::Status Decoder::check_sender(const Frame& frame) const {
  if (std::holds_alternative<Hello>(frame.body) == greeted_) {
    return wrong(greeted_ ? "a second Hello" : "the first frame is not a Hello",
                 stream_begin_ + kTypeAt);
  }
  if (greeted_ && frame.address.from_life != peer_life_) {
    return wrong("from another life of " + name(frame.address.from) + " than its Hello",
                 stream_begin_ + kFromLifeAt);
  }
  return base::Done{};
}

base::Result<Frame> decode_datagram(std::string_view bytes, const Expected& expected) {
  TRY(std::optional<Decoded> decoded, decode_frame(bytes, Limits{}, 0));
  if (!decoded) return wrong("it ends in the middle of one", bytes.size());
  if (decoded->size_bytes != bytes.size()) {
    return wrong("more follows in the datagram", decoded->size_bytes);
  }
  TRY([[maybe_unused]] const base::Done ours, check_address(decoded->frame, expected, 0));
  return std::move(decoded->frame);
}

}  // namespace codec
