// SPDX-License-Identifier: Apache-2.0
#include "check/linear/tried.h"

#include <cstring>

#include "base/check.h"

namespace check::linear {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;
constexpr std::size_t kFirstSlots = 1024;
constexpr std::uint64_t kOffsetBits = 40;
constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kOffsetBits) - 1;

void append_varint(std::string& out, std::uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

// Eight bytes at a time, each mixed as in SplitMix64.
std::uint64_t hash(const char* bytes, std::size_t size) {
  std::uint64_t mixed = size;
  while (size > 0) {
    std::uint64_t word = 0;
    const std::size_t some = size < 8 ? size : 8;
    std::memcpy(&word, bytes, some);
    mixed = (mixed ^ word) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 29U)) * 0x94d049bb133111ebU;
    mixed ^= mixed >> 32U;
    bytes += some;
    size -= some;
  }
  return mixed;
}

}  // namespace

Tried::Tried() : slots_(kFirstSlots, 0) {}

std::size_t Tried::memory_bytes() const {
  return stored_bytes_ + slots_.size() * sizeof(std::uint64_t);
}

void Tried::encode(const Configuration& configuration) {
  code_.clear();
  code_.append(4, '\0');  // Its own size, so that no code is the beginning of another.
  append_varint(code_, configuration.state);
  append_varint(code_, configuration.end);
  std::uint32_t last = configuration.end;
  for (auto missing = configuration.missing.rbegin(); missing != configuration.missing.rend();
       ++missing) {
    append_varint(code_, last - *missing);
    last = *missing;
  }
  const auto size = static_cast<std::uint32_t>(code_.size());
  std::memcpy(code_.data(), &size, sizeof size);
}

std::uint64_t Tried::store() {
  const std::size_t room = chunks_.empty() ? 0 : kChunkBytes - chunk_used_;
  if (code_.size() > room) {
    // A code longer than a chunk gets a row of chunk numbers, and the first of them its bytes.
    const std::size_t needed = (code_.size() + kChunkBytes - 1) / kChunkBytes;
    chunks_.push_back(std::make_unique<char[]>(needed * kChunkBytes));
    for (std::size_t extra = 1; extra < needed; ++extra) chunks_.push_back(nullptr);
    chunk_used_ = needed > 1 ? kChunkBytes : 0;
    stored_bytes_ += needed * kChunkBytes;
    if (needed > 1) {
      std::memcpy(chunks_[chunks_.size() - needed].get(), code_.data(), code_.size());
      return (chunks_.size() - needed) * kChunkBytes;
    }
  }
  const std::size_t offset = (chunks_.size() - 1) * kChunkBytes + chunk_used_;
  std::memcpy(chunks_.back().get() + chunk_used_, code_.data(), code_.size());
  chunk_used_ += code_.size();
  CHECK(offset < kOffsetMask, offset);
  return offset;
}

bool Tried::holds(std::uint64_t offset) const {
  const char* stored = chunks_[offset / kChunkBytes].get() + offset % kChunkBytes;
  std::uint32_t size = 0;
  std::memcpy(&size, stored, sizeof size);
  return size == code_.size() && std::memcmp(stored, code_.data(), size) == 0;
}

bool Tried::insert(const Configuration& configuration) {
  if (count_ * 2 >= slots_.size()) grow();
  encode(configuration);
  const std::uint64_t hashed = hash(code_.data(), code_.size());
  const std::uint64_t tag = hashed & ~kOffsetMask;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hashed & mask;
  while (slots_[slot] != 0) {
    const std::uint64_t found = slots_[slot];
    if ((found & ~kOffsetMask) == tag && holds((found & kOffsetMask) - 1)) return false;
    slot = (slot + 1) & mask;
  }
  slots_[slot] = tag | (store() + 1);
  ++count_;
  return true;
}

void Tried::grow() {
  std::vector<std::uint64_t> larger(slots_.size() * 2, 0);
  const std::size_t mask = larger.size() - 1;
  for (const std::uint64_t found : slots_) {
    if (found == 0) continue;
    const std::uint64_t offset = (found & kOffsetMask) - 1;
    const char* stored = chunks_[offset / kChunkBytes].get() + offset % kChunkBytes;
    std::uint32_t size = 0;
    std::memcpy(&size, stored, sizeof size);
    std::size_t slot = hash(stored, size) & mask;
    while (larger[slot] != 0) slot = (slot + 1) & mask;
    larger[slot] = found;
  }
  slots_ = std::move(larger);
}

}  // namespace check::linear
