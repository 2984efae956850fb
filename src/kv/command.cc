// SPDX-License-Identifier: Apache-2.0
#include "kv/command.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace kv {

namespace {

// The first byte of every payload. 2 is kept for commands that name a client session.
constexpr std::uint8_t kFormat = 1;

// The second byte.
enum class Tag : std::uint8_t {
  Set = 1,
  Del = 2,
  Increment = 3,
  Append = 4,
  MSet = 5,
  Get = 65,
  MGet = 66,
  Exists = 67,
  Strlen = 68,
  DbSize = 69,
};

enum class ConditionTag : std::uint8_t { Always = 0, IfAbsent = 1, IfPresent = 2, IfEqual = 3 };

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
    count(mset.pairs.size());
    for (const KeyValue& pair : mset.pairs) {
      writer_.sized(pair.key);
      writer_.sized(pair.value);
    }
  }
  void operator()(const Get& get) {
    begin(Tag::Get);
    writer_.sized(get.key);
  }
  void operator()(const MGet& mget) {
    begin(Tag::MGet);
    list(mget.keys);
  }
  void operator()(const Exists& exists) {
    begin(Tag::Exists);
    list(exists.keys);
  }
  void operator()(const Strlen& strlen) {
    begin(Tag::Strlen);
    writer_.sized(strlen.key);
  }
  void operator()(DbSize) { begin(Tag::DbSize); }

 private:
  void begin(Tag tag) {
    writer_.u8(kFormat);
    writer_.u8(static_cast<std::uint8_t>(tag));
  }
  void count(std::size_t items) {
    CHECK(items <= std::numeric_limits<std::uint32_t>::max(), items);
    writer_.u32(static_cast<std::uint32_t>(items));
  }
  void list(const std::vector<std::string>& items) {
    count(items.size());
    for (const std::string& item : items) writer_.sized(item);
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

// Reads the first two bytes; an unknown format or tag is for the caller to refuse.
std::uint8_t begin(base::ByteReader& in) {
  if (in.u8() != kFormat) in.refuse(0, "unknown format");
  return in.u8();
}

Command command(base::ByteReader& in) {
  switch (static_cast<Tag>(begin(in))) {
    case Tag::Set:
      return set(in);
    case Tag::Del:
      return Del{list(in)};
    case Tag::Increment: {
      const auto by = static_cast<std::int64_t>(in.u64());
      return Increment{text(in), by};
    }
    case Tag::Append: {
      std::string key = text(in);
      return Append{std::move(key), text(in)};
    }
    case Tag::MSet:
      return MSet{pairs(in)};
    case Tag::Get:
    case Tag::MGet:
    case Tag::Exists:
    case Tag::Strlen:
    case Tag::DbSize:
      break;
  }
  in.refuse(1, "unknown command");
  return {};
}

Query query(base::ByteReader& in) {
  switch (static_cast<Tag>(begin(in))) {
    case Tag::Get:
      return Get{text(in)};
    case Tag::MGet:
      return MGet{list(in)};
    case Tag::Exists:
      return Exists{list(in)};
    case Tag::Strlen:
      return Strlen{text(in)};
    case Tag::DbSize:
      return DbSize{};
    case Tag::Set:
    case Tag::Del:
    case Tag::Increment:
    case Tag::Append:
    case Tag::MSet:
      break;
  }
  in.refuse(1, "unknown query");
  return {};
}

}  // namespace

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
