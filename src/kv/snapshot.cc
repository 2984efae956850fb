// SPDX-License-Identifier: Apache-2.0
#include "kv/snapshot.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/bytes.h"
#include "kv/key_hash.h"
#include "kv/machine.h"

namespace kv {
namespace {

constexpr std::string_view kMagic = "SWKVSNAP";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 12;

// What begins with a mark has eight bytes more: of a pair the two lengths, of the end the count.
constexpr std::size_t kHeadBytes = 9;
constexpr std::uint8_t kEnd = 0;
constexpr std::uint8_t kPair = 1;

}  // namespace

std::string SnapshotWriter::next(std::size_t about_bytes) {
  about_bytes = std::max<std::size_t>(about_bytes, 1);
  while (part_ != Part::Nothing && pending_.size() - given_ < about_bytes) fill();
  std::string piece = pending_.substr(given_, about_bytes);
  given_ += piece.size();
  if (given_ == pending_.size()) {
    pending_.clear();
    given_ = 0;
  }
  return piece;
}

void SnapshotWriter::fill() {
  base::ByteWriter out(pending_);
  if (part_ == Part::Header) {
    out.bytes(kMagic);
    out.u32(kVersion);
    part_ = Part::Pairs;
    return;
  }
  if (const auto pair = cut_.next()) {
    out.u8(kPair);
    out.u32(static_cast<std::uint32_t>(pair->key.size()));
    out.u32(static_cast<std::uint32_t>(pair->value.size()));
    out.bytes(pair->key);
    out.bytes(pair->value);
    ++pairs_;
    return;
  }
  out.u8(kEnd);
  out.u64(pairs_);
  part_ = Part::Nothing;
}

base::Status SnapshotReader::add(std::string_view bytes) {
  pending_ += bytes;
  std::size_t used = 0;
  while (used < pending_.size()) {
    TRY(const std::size_t size, take(std::string_view(pending_).substr(used)));
    if (size == 0) break;
    used += size;
    taken_ += size;
  }
  pending_.erase(0, used);
  return base::Done{};
}

base::Result<std::size_t> SnapshotReader::take(std::string_view in) {
  if (part_ == Part::Nothing) return corrupt("bytes come behind its end");
  if (part_ == Part::Pairs) return take_pair(in);
  if (in.size() < kHeaderBytes) return std::size_t{0};
  base::ByteReader reader(in);
  if (reader.bytes(kMagic.size()) != kMagic) return corrupt("it does not begin with SWKVSNAP");
  if (const std::uint32_t version = reader.u32(); version != kVersion) {
    return corrupt("it is of version " + std::to_string(version) + ", this program reads " +
                   std::to_string(kVersion));
  }
  part_ = Part::Pairs;
  return kHeaderBytes;
}

base::Result<std::size_t> SnapshotReader::take_pair(std::string_view in) {
  if (in.size() < kHeadBytes) return std::size_t{0};
  base::ByteReader reader(in);
  const std::uint8_t mark = reader.u8();
  if (mark == kEnd) {
    if (reader.u64() != values_.size()) return corrupt("its end counts other pairs than there are");
    part_ = Part::Nothing;
    return kHeadBytes;
  }
  if (mark != kPair) return corrupt("neither a pair nor the end begins here");
  const std::size_t key_bytes = reader.u32();
  const std::size_t value_bytes = reader.u32();
  if (std::max(key_bytes, value_bytes) > kMaxValueBytes) {
    return corrupt("a key or a value is longer than " + std::to_string(kMaxValueBytes) + " bytes");
  }
  const std::size_t size = kHeadBytes + key_bytes + value_bytes;
  if (in.size() < size) return std::size_t{0};
  Place place{0, std::string(reader.bytes(key_bytes))};
  place.hash = key_hash(place.key);
  if (!values_.empty() && !InOrder()(std::prev(values_.end())->first, place)) {
    return corrupt("a key is out of order");
  }
  values_.emplace_hint(values_.end(), std::move(place), reader.bytes(value_bytes));
  return size;
}

base::Status SnapshotReader::finish() {
  if (part_ != Part::Nothing || !pending_.empty()) {
    taken_ += pending_.size();
    return corrupt("it ends too early");
  }
  store_.replace(std::move(values_));
  return base::Done{};
}

base::Error SnapshotReader::corrupt(const std::string& what) const {
  return {base::ErrorCode::Corrupt,
          "snapshot of keys and values: " + what + " at byte " + std::to_string(taken_)};
}

}  // namespace kv
