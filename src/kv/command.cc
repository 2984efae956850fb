// SPDX-License-Identifier: Apache-2.0
#include "kv/command.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace kv {

namespace {

// The first byte of every payload. f0 and above are for sessions (docs/formats/sessions.md).
constexpr std::uint8_t kFormat = 1;

// The second byte.
enum class Tag : std::uint8_t {
  Set = 1,
  Del = 2,
  Increment = 3,
  Append = 4,
  MSet = 5,
  MSetIfAbsent = 6,
  GetDel = 7,
  DeleteAll = 8,
  Get = 65,
  MGet = 66,
  Exists = 67,
  Strlen = 68,
  DbSize = 69,
  GetRange = 70,
  Type = 71,
  TimeToLive = 72,
  Scan = 73,
};

enum class ConditionTag : std::uint8_t { Always = 0, IfAbsent = 1, IfPresent = 2, IfEqual = 3 };

constexpr std::size_t kPlainSetHead = 4 + sizeof(std::uint32_t);
constexpr std::size_t kGetHead = 2 + sizeof(std::uint32_t);

class Encoder {
 public:
  std::string take() && { return std::move(out_); }

  void operator()(const Set& set) {
    begin(Tag::Set);
    writer_.u8(static_cast<std::uint8_t>(set.condition.index()));
    writer_.boolean(set.get);
    writer_.sized(set.key);
    writer_.sized(set.value);
    if (const auto* equal = std::get_if<IfEqual>(&set.condition)) writer_.sized(equal->expected);
  }
  void operator()(const Del& del) {
    begin(Tag::Del);
    list(del.keys);
  }
  void operator()(const Increment& increment) {
    begin(Tag::Increment);
    writer_.u64(static_cast<std::uint64_t>(increment.by));
    writer_.sized(increment.key);
  }
  void operator()(const Append& append) {
    begin(Tag::Append);
    writer_.sized(append.key);
    writer_.sized(append.suffix);
  }
  void operator()(const MSet& mset) {
    begin(Tag::MSet);
    list(mset.pairs);
  }
  void operator()(const MSetIfAbsent& mset) {
    begin(Tag::MSetIfAbsent);
    list(mset.pairs);
  }
  void operator()(const GetDel& get) { begin(Tag::GetDel, get.key); }
  void operator()(DeleteAll) { begin(Tag::DeleteAll); }
  void operator()(const Get& get) { begin(Tag::Get, get.key); }
  void operator()(const MGet& mget) {
    begin(Tag::MGet);
    list(mget.keys);
  }
  void operator()(const Exists& exists) {
    begin(Tag::Exists);
    list(exists.keys);
  }
  void operator()(const Strlen& strlen) { begin(Tag::Strlen, strlen.key); }
  void operator()(DbSize) { begin(Tag::DbSize); }
  void operator()(const GetRange& range) {
    begin(Tag::GetRange, range.key);
    writer_.u64(static_cast<std::uint64_t>(range.first));
    writer_.u64(static_cast<std::uint64_t>(range.last));
  }
  void operator()(const Type& type) { begin(Tag::Type, type.key); }
  void operator()(const TimeToLive& time) { begin(Tag::TimeToLive, time.key); }
  void operator()(const Scan& scan) {
    begin(Tag::Scan, scan.pattern);
    writer_.u64(scan.cursor);
    writer_.u32(scan.count);
  }

 private:
  void begin(Tag tag) {
    writer_.u8(kFormat);
    writer_.u8(static_cast<std::uint8_t>(tag));
  }
  void begin(Tag tag, const std::string& first) {
    begin(tag);
    writer_.sized(first);
  }
  void count(std::size_t items) {
    CHECK(items <= std::numeric_limits<std::uint32_t>::max(), items);
    writer_.u32(static_cast<std::uint32_t>(items));
  }
  void list(const std::vector<std::string>& items) {
    count(items.size());
    for (const std::string& item : items) writer_.sized(item);
  }
  void list(const std::vector<KeyValue>& items) {
    count(items.size());
    for (const KeyValue& item : items) {
      writer_.sized(item.key);
      writer_.sized(item.value);
    }
  }

  std::string out_;
  base::ByteWriter writer_{out_};
};

std::string text(base::ByteReader& in) { return std::string(in.sized()); }

// Reads a count and reserves no more than the bytes that follow can hold of `least_bytes` each.
template <class Item>
std::uint32_t begin_list(base::ByteReader& in, std::size_t least_bytes, std::vector<Item>& items) {
  const std::size_t at = in.position();
  const std::uint32_t count = in.u32();
  if (count > in.remaining() / least_bytes) {
    in.refuse(at, "more items are announced than fit");
    return 0;
  }
  items.reserve(count);
  return count;
}

std::vector<std::string> list(base::ByteReader& in) {
  std::vector<std::string> items;
  const std::uint32_t count = begin_list(in, sizeof(std::uint32_t), items);
  for (std::uint32_t i = 0; i < count; ++i) items.push_back(text(in));
  return items;
}

std::vector<KeyValue> pairs(base::ByteReader& in) {
  std::vector<KeyValue> items;
  const std::uint32_t count = begin_list(in, 2 * sizeof(std::uint32_t), items);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string key = text(in);
    items.push_back({std::move(key), text(in)});
  }
  return items;
}

Set set(base::ByteReader& in) {
  const std::size_t at = in.position();
  const auto condition = static_cast<ConditionTag>(in.u8());
  Set result;
  result.get = in.boolean();
  result.key = text(in);
  result.value = text(in);
  if (condition == ConditionTag::IfAbsent) {
    result.condition = IfAbsent{};
  } else if (condition == ConditionTag::IfPresent) {
    result.condition = IfPresent{};
  } else if (condition == ConditionTag::IfEqual) {
    result.condition = IfEqual{text(in)};
  } else if (condition != ConditionTag::Always) {
    in.refuse(at, "unknown condition");
  }
  return result;
}

GetRange get_range(base::ByteReader& in) {
  GetRange range{text(in)};
  range.first = static_cast<std::int64_t>(in.u64());
  range.last = static_cast<std::int64_t>(in.u64());
  return range;
}

Scan scan(base::ByteReader& in) {
  Scan scan;
  scan.pattern = text(in);
  scan.cursor = in.u64();
  scan.count = in.u32();
  return scan;
}

// Reads the first two bytes; an unknown format or tag is for the caller to refuse.
Tag begin(base::ByteReader& in) {
  if (in.u8() != kFormat) in.refuse(0, "unknown format");
  return static_cast<Tag>(in.u8());
}

Increment increment(base::ByteReader& in) {
  const auto by = static_cast<std::int64_t>(in.u64());
  return Increment{text(in), by};
}

Append append(base::ByteReader& in) {
  std::string key = text(in);
  return Append{std::move(key), text(in)};
}

Command command(base::ByteReader& in) {
  const Tag tag = begin(in);
  if (tag == Tag::Set) return set(in);
  if (tag == Tag::Del) return Del{list(in)};
  if (tag == Tag::Increment) return increment(in);
  if (tag == Tag::Append) return append(in);
  if (tag == Tag::MSet) return MSet{pairs(in)};
  if (tag == Tag::MSetIfAbsent) return MSetIfAbsent{pairs(in)};
  if (tag == Tag::GetDel) return GetDel{text(in)};
  if (tag == Tag::DeleteAll) return DeleteAll{};
  in.refuse(1, "unknown command");
  return {};
}

Query query(base::ByteReader& in) {
  const Tag tag = begin(in);
  if (tag == Tag::Get) return Get{text(in)};
  if (tag == Tag::MGet) return MGet{list(in)};
  if (tag == Tag::Exists) return Exists{list(in)};
  if (tag == Tag::Strlen) return Strlen{text(in)};
  if (tag == Tag::DbSize) return DbSize{};
  if (tag == Tag::GetRange) return get_range(in);
  if (tag == Tag::Type) return Type{text(in)};
  if (tag == Tag::TimeToLive) return TimeToLive{text(in)};
  if (tag == Tag::Scan) return scan(in);
  in.refuse(1, "unknown query");
  return {};
}

}  // namespace

std::string encode_plain_set(const PlainSet& set) {
  std::string out;
  out.reserve(kPlainSetHead + set.key.size() + sizeof(std::uint32_t) + set.value.size());
  base::ByteWriter writer(out);
  writer.u8(kFormat);
  writer.u8(static_cast<std::uint8_t>(Tag::Set));
  writer.u8(static_cast<std::uint8_t>(ConditionTag::Always));
  writer.boolean(false);
  writer.sized(set.key);
  writer.sized(set.value);
  return out;
}

std::string encode_get(std::string_view key) {
  std::string out;
  out.reserve(kGetHead + key.size());
  base::ByteWriter writer(out);
  writer.u8(kFormat);
  writer.u8(static_cast<std::uint8_t>(Tag::Get));
  writer.sized(key);
  return out;
}

std::optional<PlainSet> plain_set(std::string_view payload) {
  static constexpr std::string_view kBegin("\x01\x01\x00\x00", 4);
  static_assert(kFormat == 1 && static_cast<int>(Tag::Set) == 1);
  if (!payload.starts_with(kBegin)) return std::nullopt;
  base::ByteReader in(payload.substr(kBegin.size()));
  PlainSet set;
  set.key = in.sized();
  set.value = in.sized();
  return in.finish("command").ok() ? std::optional(set) : std::nullopt;
}

std::optional<std::string_view> plain_get(std::string_view payload) {
  static constexpr std::string_view kBegin("\x01\x41", 2);
  static_assert(kFormat == 1 && static_cast<int>(Tag::Get) == 0x41);
  if (!payload.starts_with(kBegin)) return std::nullopt;
  base::ByteReader in(payload.substr(kBegin.size()));
  const std::string_view key = in.sized();
  return in.finish("query").ok() ? std::optional(key) : std::nullopt;
}

std::string encode(const Command& command) {
  Encoder encoder;
  std::visit(encoder, command);
  return std::move(encoder).take();
}

std::string encode(const Query& query) {
  Encoder encoder;
  std::visit(encoder, query);
  return std::move(encoder).take();
}

base::Result<Command> decode_command(std::string_view payload) {
  base::ByteReader in(payload);
  base::Result<Command> result = command(in);
  TRY([[maybe_unused]] const base::Done whole, in.finish("command"));
  return result;
}

base::Result<Query> decode_query(std::string_view payload) {
  base::ByteReader in(payload);
  base::Result<Query> result = query(in);
  TRY([[maybe_unused]] const base::Done whole, in.finish("query"));
  return result;
}

}  // namespace kv
