// SPDX-License-Identifier: Apache-2.0
#include "check/wire/msgpack.h"

#include <array>

namespace check::wire {
namespace {

enum class Kind : std::uint8_t { Nil, False, True, Natural, Negative, Raw, Array, Map, Other };

// The first bytes of a value.
struct Header {
  Kind kind = Kind::Other;
  std::size_t bytes = 1;    // Of the header itself.
  std::uint64_t value = 0;  // The natural; or how many bytes or members follow.
};

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

// What a tag from c0 to df says: its kind, how many bytes of length or value come behind it, and
// how many bytes follow besides those that the length counts.
struct Tag {
  Kind kind;
  std::uint8_t width;
  std::uint8_t more;
};
constexpr std::array<Tag, 32> kTags = {{
    {Kind::Nil, 0, 0},       // c0
    {Kind::Other, 9, 0},     // c1: never used
    {Kind::False, 0, 0},     // c2
    {Kind::True, 0, 0},      // c3
    {Kind::Raw, 1, 0},       // c4: bin 8
    {Kind::Raw, 2, 0},       // c5
    {Kind::Raw, 4, 0},       // c6
    {Kind::Other, 1, 1},     // c7: ext 8, its type is one byte more
    {Kind::Other, 2, 1},     // c8
    {Kind::Other, 4, 1},     // c9
    {Kind::Other, 0, 4},     // ca: float 32
    {Kind::Other, 0, 8},     // cb: float 64
    {Kind::Natural, 1, 0},   // cc: uint 8
    {Kind::Natural, 2, 0},   // cd
    {Kind::Natural, 4, 0},   // ce
    {Kind::Natural, 8, 0},   // cf
    {Kind::Negative, 1, 0},  // d0: int 8, natural if its first bit is 0
    {Kind::Negative, 2, 0},  // d1
    {Kind::Negative, 4, 0},  // d2
    {Kind::Negative, 8, 0},  // d3
    {Kind::Other, 0, 2},     // d4: fixext 1
    {Kind::Other, 0, 3},     // d5
    {Kind::Other, 0, 5},     // d6
    {Kind::Other, 0, 9},     // d7
    {Kind::Other, 0, 17},    // d8
    {Kind::Raw, 1, 0},       // d9: str 8
    {Kind::Raw, 2, 0},       // da
    {Kind::Raw, 4, 0},       // db
    {Kind::Array, 2, 0},     // dc
    {Kind::Array, 4, 0},     // dd
    {Kind::Map, 2, 0},       // de
    {Kind::Map, 4, 0},       // df
}};

Header tagged(const Tag& tag, std::string_view operand) {
  Header header{tag.kind, 1 + std::size_t{tag.width}, big_endian(operand)};
  const bool minus = !operand.empty() && (static_cast<unsigned char>(operand[0]) & 0x80U) != 0;
  if (tag.kind == Kind::Negative && !minus) header.kind = Kind::Natural;
  header.value += tag.more;
  return header;
}

// The header at the beginning of `bytes`; nothing if it is not all there.
base::Result<std::optional<Header>> header(std::string_view bytes) {
  if (bytes.empty()) return std::optional<Header>();
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (first < 0x80) return std::optional(Header{Kind::Natural, 1, first});
  if (first < 0x90) return std::optional(Header{Kind::Map, 1, first & 0xfU});
  if (first < 0xa0) return std::optional(Header{Kind::Array, 1, first & 0xfU});
  if (first < 0xc0) return std::optional(Header{Kind::Raw, 1, first & 0x1fU});
  if (first >= 0xe0) return std::optional(Header{Kind::Negative, 1, 0});
  if (first == 0xc1) return base::Error{base::ErrorCode::InvalidArgument, "c1 begins no value"};
  const Tag& tag = kTags.at(first - 0xc0U);
  if (bytes.size() < 1 + std::size_t{tag.width}) return std::optional<Header>();
  return std::optional(tagged(tag, bytes.substr(1, tag.width)));
}

// Bytes, and values, that belong to the one with this header.
std::uint64_t content_of(const Header& header) {
  return header.kind == Kind::Raw || header.kind == Kind::Other ? header.value : 0;
}
std::uint64_t members_of(const Header& header) {
  if (header.kind == Kind::Map) return 2 * header.value;
  return header.kind == Kind::Array ? header.value : 0;
}

void big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned left = bytes; left > 0; --left) {
    out += static_cast<char>(value >> (8 * (left - 1)) & 0xffU);
  }
}

// A tag with one, two, four or eight bytes behind it, as many as the value needs.
void sized(std::string& out, unsigned first_tag, std::uint64_t value) {
  unsigned step = 0;
  while (step < 3 && value >> (8U << step) != 0) step += 1;
  out += static_cast<char>(first_tag + step);
  big_endian(out, value, 1U << step);
}

}  // namespace

// Goes on behind the header; content may lie behind what has come.
base::Status MsgpackScanner::enter(std::uint64_t content, std::uint64_t members,
                                   std::size_t longest) {
  if (content > longest) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "a string of " + std::to_string(content) + " bytes is too long"};
  }
  if (members > 0 && open_.size() >= kDeepest) {
    return base::Error{base::ErrorCode::InvalidArgument, "values lie too deep in each other"};
  }
  at_ += content;
  open_.back() -= 1;
  if (members > 0) open_.push_back(members);
  while (!open_.empty() && open_.back() == 0) open_.pop_back();
  return base::Done{};
}

base::Result<std::optional<std::size_t>> MsgpackScanner::scan(std::string_view bytes,
                                                              std::size_t longest) {
  while (!open_.empty() && at_ < bytes.size()) {
    TRY(const std::optional<Header> next, header(bytes.substr(at_)));
    if (!next) return std::optional<std::size_t>();
    at_ += next->bytes;
    TRY(const base::Done done, enter(content_of(*next), members_of(*next), longest));
    static_cast<void>(done);
  }
  if (!open_.empty() || at_ > bytes.size()) return std::optional<std::size_t>();
  const std::size_t size = at_;
  *this = MsgpackScanner();
  return std::optional(size);
}

struct MsgpackReader::Item {
  Header header;
  std::string_view content;
};

// The next value's header, and content if it is a string; members of a container come after it.
std::optional<MsgpackReader::Item> MsgpackReader::item() {
  if (!ok()) return std::nullopt;
  item_at_ = at_;
  const auto next = header(in_.substr(at_));
  if (!next.ok() || !next.value()) {
    refuse("there is no value");
    return std::nullopt;
  }
  Item item{*next.value(), {}};
  const std::uint64_t content = content_of(item.header);
  if (content > in_.size() - at_ - item.header.bytes) {
    refuse("a string ends too early");
    return std::nullopt;
  }
  item.content = in_.substr(at_ + item.header.bytes, content);
  at_ += item.header.bytes + item.content.size();
  return item;
}

void MsgpackReader::refuse(const char* what) {
  if (!ok()) return;
  what_ = what;
  at_ = item_at_;
}

std::uint64_t MsgpackReader::container(bool map) {
  const auto found = item();
  if (!found || found->header.kind == Kind::Nil) return 0;
  if (found->header.kind != (map ? Kind::Map : Kind::Array)) {
    refuse(map ? "this is no map" : "this is no array");
    return 0;
  }
  return found->header.value;
}

std::uint64_t MsgpackReader::map() { return container(true); }
std::uint64_t MsgpackReader::array() { return container(false); }

std::uint64_t MsgpackReader::natural() {
  const auto found = item();
  if (!found) return 0;
  if (found->header.kind != Kind::Natural) refuse("this is no natural number");
  return ok() ? found->header.value : 0;
}

bool MsgpackReader::boolean() {
  const auto found = item();
  if (!found) return false;
  const Kind kind = found->header.kind;
  if (kind != Kind::True && kind != Kind::False) refuse("this is neither true nor false");
  return kind == Kind::True;
}

std::string_view MsgpackReader::raw() {
  const auto found = item();
  if (!found || found->header.kind == Kind::Nil) return {};
  if (found->header.kind != Kind::Raw) refuse("this is no string");
  return ok() ? found->content : std::string_view();
}

void MsgpackReader::skip() {
  if (!ok()) return;
  MsgpackScanner scanner;
  const auto size = scanner.scan(in_.substr(at_), in_.size());
  item_at_ = at_;
  if (!size.ok() || !size.value()) {
    refuse("there is no value");
  } else {
    at_ += *size.value();
  }
}

base::Status MsgpackReader::finish(std::string_view thing) {
  item_at_ = at_;
  if (ok() && at_ != in_.size()) refuse("bytes are left over");
  if (ok()) return base::Done{};
  return base::Error{base::ErrorCode::InvalidArgument,
                     std::string(thing) + ": " + what_ + ", at its byte " + std::to_string(at_)};
}

void msgpack_natural(std::string& out, std::uint64_t value) {
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else {
    sized(out, 0xcc, value);
  }
}

void msgpack_boolean(std::string& out, bool value) { out += value ? '\xc3' : '\xc2'; }

void msgpack_raw(std::string& out, std::string_view value) {
  if (value.size() < 32) {
    out += static_cast<char>(0xa0U + value.size());
  } else {
    const bool small = value.size() <= 0xffff;
    out += small ? '\xda' : '\xdb';
    big_endian(out, value.size(), small ? 2 : 4);
  }
  out += value;
}

void msgpack_map(std::string& out, std::size_t members) {
  out += static_cast<char>(0x80U + members);
}

}  // namespace check::wire
