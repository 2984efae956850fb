// SPDX-License-Identifier: Apache-2.0
#include "kv/reply.h"

#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace kv {

namespace {

enum class Tag : std::uint8_t { Status = 1, Error = 2, Integer = 3, Bulk = 4, Nil = 5, Array = 6 };

class Encoder {
 public:
  explicit Encoder(std::string& out) : writer_(out) {}

  void operator()(const Status& status) { sized(Tag::Status, status.text); }
  void operator()(const Error& error) { sized(Tag::Error, error.text); }
  void operator()(const Integer& integer) {
    tag(Tag::Integer);
    writer_.u64(static_cast<std::uint64_t>(integer.value));
  }
  void operator()(const Bulk& bulk) { sized(Tag::Bulk, bulk.bytes); }
  void operator()(const Nil&) { tag(Tag::Nil); }
  void operator()(const Array& array) {
    CHECK(++depth_ <= kMaxReplyDepth, depth_);
    CHECK(array.items.size() <= std::numeric_limits<std::uint32_t>::max(), array.items.size());
    tag(Tag::Array);
    writer_.u32(static_cast<std::uint32_t>(array.items.size()));
    for (const Reply& item : array.items) std::visit(*this, item.value);
    --depth_;
  }

 private:
  void tag(Tag tag) { writer_.u8(static_cast<std::uint8_t>(tag)); }
  void sized(Tag which, const std::string& bytes) {
    tag(which);
    writer_.sized(bytes);
  }

  base::ByteWriter writer_;
  int depth_ = 0;
};

Reply decode(base::ByteReader& in, int depth) {
  const std::size_t at = in.position();
  switch (static_cast<Tag>(in.u8())) {
    case Tag::Status:
      return {Status{std::string(in.sized())}};
    case Tag::Error:
      return {Error{std::string(in.sized())}};
    case Tag::Integer:
      return {Integer{static_cast<std::int64_t>(in.u64())}};
    case Tag::Bulk:
      return {Bulk{std::string(in.sized())}};
    case Tag::Nil:
      return {Nil{}};
    case Tag::Array: {
      const std::uint32_t count = in.u32();
      if (depth == kMaxReplyDepth) in.refuse(at, "arrays are nested too deep");
      if (count > in.remaining()) in.refuse(at, "more items are announced than fit");
      Array array;
      for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        array.items.push_back(decode(in, depth + 1));
      }
      return {std::move(array)};
    }
  }
  in.refuse(at, "unknown kind of reply");
  return {};
}

}  // namespace

std::string encode_bulk(std::string_view bytes, std::size_t more) {
  std::string out;
  out.reserve(1 + sizeof(std::uint32_t) + bytes.size() + more);
  base::ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(Tag::Bulk));
  writer.sized(bytes);
  return out;
}

std::optional<std::string_view> plain_bulk(std::string_view bytes) {
  base::ByteReader in(bytes);
  if (in.u8() != static_cast<std::uint8_t>(Tag::Bulk)) return std::nullopt;
  const std::string_view found = in.sized();
  return in.finish("reply").ok() ? std::optional(found) : std::nullopt;
}

std::string encode(const Reply& reply) {
  std::string out;
  std::visit(Encoder(out), reply.value);
  return out;
}

base::Result<Reply> decode_reply(std::string_view bytes) {
  base::ByteReader in(bytes);
  base::Result<Reply> reply = decode(in, 0);
  TRY([[maybe_unused]] const base::Done whole, in.finish("reply"));
  return reply;
}

}  // namespace kv
