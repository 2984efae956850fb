// SPDX-License-Identifier: Apache-2.0
// Little-endian integers and byte strings, in and out of buffers, with every bound checked.
//
// Both ends are straight lines of calls. A reader that is asked for more than there is yields zeros
// and empty strings from then on, and says so when asked once, at the end:
//
//   base::ByteReader in(bytes);
//   const std::uint64_t term = in.u64();
//   const std::string_view name = in.bytes(in.u32());
//   TRY(const base::Done done, in.finish("vote record"));
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/check.h"
#include "base/result.h"

namespace base {

namespace bytes_detail {

// Swaps the bytes of `value` where the machine is not little-endian.
template <class Integer>
constexpr Integer little(Integer value) {
  static_assert(std::is_unsigned_v<Integer>);
  if constexpr (std::endian::native == std::endian::little) {
    return value;
  } else {
    Integer swapped = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      swapped = static_cast<Integer>(swapped << 8U) |
                static_cast<Integer>((value >> (8 * i)) & Integer{0xff});
    }
    return swapped;
  }
}

}  // namespace bytes_detail

// Appends to a string that the caller keeps.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { integer(value); }
  void u16(std::uint16_t value) { integer(value); }
  void u32(std::uint32_t value) { integer(value); }
  void u64(std::uint64_t value) { integer(value); }
  void boolean(bool value) { u8(value ? 1 : 0); }
  void bytes(std::string_view value) { out_.append(value); }
  // Length as u32, then the bytes. Requires: the length fits.
  void sized(std::string_view value) {
    CHECK(value.size() <= std::numeric_limits<std::uint32_t>::max(), value.size());
    u32(static_cast<std::uint32_t>(value.size()));
    bytes(value);
  }
  void fill(std::size_t count, char value) { out_.append(count, value); }

  // Overwrites four bytes that were written before. Requires: they lie inside the string.
  void set_u32(std::size_t at, std::uint32_t value) {
    CHECK(at <= out_.size() && sizeof(value) <= out_.size() - at, at, out_.size());
    value = bytes_detail::little(value);
    std::memcpy(out_.data() + at, &value, sizeof(value));
  }

  std::size_t size_bytes() const { return out_.size(); }

 private:
  template <class Integer>
  void integer(Integer value) {
    value = bytes_detail::little(value);
    char raw[sizeof(value)];
    std::memcpy(raw, &value, sizeof(value));
    out_.append(raw, sizeof(value));
  }

  std::string& out_;
};

// Reads from bytes that outlive it and all views it gave out.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  std::uint8_t u8() { return integer<std::uint8_t>(); }
  std::uint16_t u16() { return integer<std::uint16_t>(); }
  std::uint32_t u32() { return integer<std::uint32_t>(); }
  std::uint64_t u64() { return integer<std::uint64_t>(); }
  // A byte that must be 0 or 1.
  bool boolean() {
    const std::size_t at = position_;
    const std::uint8_t value = u8();
    if (value > 1) refuse(at, "a byte that must be 0 or 1 is neither");
    return value == 1;
  }
  std::string_view bytes(std::size_t count) {
    if (!take(count)) return {};
    return in_.substr(position_ - count, count);
  }
  // Length as u32, then that many bytes.
  std::string_view sized() { return bytes(u32()); }

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return ok() ? in_.size() - position_ : 0; }
  bool ok() const { return what_ == nullptr; }

  // The caller found that what it read at `at` is wrong; `what` (a literal) says how. The first
  // complaint stays; all later reads yield zeros.
  void refuse(std::size_t at, const char* what) {
    if (!ok()) return;
    what_ = what;
    position_ = at;
  }

  // Fine if everything asked for was there, nothing was refused, and nothing is left over. Else an
  // InvalidArgument that names `thing` and the offset, counted from `origin`.
  Status finish(std::string_view thing, std::uint64_t origin = 0) {
    if (ok() && position_ != in_.size()) refuse(position_, "bytes are left over");
    if (ok()) return Done{};
    return Error{ErrorCode::InvalidArgument, std::string(thing) + ": " + what_ + " at byte " +
                                                 std::to_string(origin + position_)};
  }

 private:
  bool take(std::size_t count) {
    if (ok() && count <= in_.size() - position_) {
      position_ += count;
      return true;
    }
    refuse(position_, "ends too early");
    return false;
  }

  template <class Integer>
  Integer integer() {
    if (!take(sizeof(Integer))) return 0;
    Integer value = 0;
    std::memcpy(&value, in_.data() + (position_ - sizeof(Integer)), sizeof(Integer));
    return bytes_detail::little(value);
  }

  std::string_view in_;
  std::size_t position_ = 0;
  const char* what_ = nullptr;
};

}  // namespace base
