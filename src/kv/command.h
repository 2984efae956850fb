// SPDX-License-Identifier: Apache-2.0
// What clients ask of the state machine: commands change it and go through the log, queries only
// look. Both have a binary form (docs/formats/commands.md): the payload of a log entry, and of a
// request that one server passes on to another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace kv {

// When a Set writes.
struct Always {
  friend bool operator==(Always, Always) = default;
};
// NX
struct IfAbsent {
  friend bool operator==(IfAbsent, IfAbsent) = default;
};
// XX
struct IfPresent {
  friend bool operator==(IfPresent, IfPresent) = default;
};
// IFEQ: if the key exists and holds exactly `expected` (Valkey 8.1).
struct IfEqual {
  std::string expected;
  friend bool operator==(const IfEqual&, const IfEqual&) = default;
};
using Condition = std::variant<Always, IfAbsent, IfPresent, IfEqual>;

// SET. Answers OK, or Nil if `condition` did not hold; with `get`, the value found (Nil if there
// was none) whether or not it wrote.
struct Set {
  std::string key;
  std::string value;
  Condition condition;
  bool get = false;
  friend bool operator==(const Set&, const Set&) = default;
};
// DEL. Answers how many keys there were to delete.
struct Del {
  std::vector<std::string> keys;
  friend bool operator==(const Del&, const Del&) = default;
};
// INCR, DECR, INCRBY, DECRBY. Answers the new value; an absent key counts as 0.
struct Increment {
  std::string key;
  std::int64_t by = 1;
  friend bool operator==(const Increment&, const Increment&) = default;
};
// APPEND. Answers the new length; an absent key counts as empty.
struct Append {
  std::string key;
  std::string suffix;
  friend bool operator==(const Append&, const Append&) = default;
};
struct KeyValue {
  std::string key;
  std::string value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};
// MSET. Sets all at once; of two values for one key, the later. Answers OK.
struct MSet {
  std::vector<KeyValue> pairs;
  friend bool operator==(const MSet&, const MSet&) = default;
};
// MSETNX, SETNX. As MSet if none of the keys exists, else nothing. Answers 1 or 0.
struct MSetIfAbsent {
  std::vector<KeyValue> pairs;
  friend bool operator==(const MSetIfAbsent&, const MSetIfAbsent&) = default;
};
// GETDEL. Answers the value that was there, or Nil.
struct GetDel {
  std::string key;
  friend bool operator==(const GetDel&, const GetDel&) = default;
};
// FLUSHALL. Answers OK.
struct DeleteAll {
  friend bool operator==(DeleteAll, DeleteAll) = default;
};
using Command = std::variant<Set, Del, Increment, Append, MSet, MSetIfAbsent, GetDel, DeleteAll>;

// GET. Answers the value or Nil.
struct Get {
  std::string key;
  friend bool operator==(const Get&, const Get&) = default;
};
// MGET. Answers an Array with one item a key, in order.
struct MGet {
  std::vector<std::string> keys;
  friend bool operator==(const MGet&, const MGet&) = default;
};
// EXISTS. Answers how many of the keys exist; a key named twice counts twice.
struct Exists {
  std::vector<std::string> keys;
  friend bool operator==(const Exists&, const Exists&) = default;
};
// STRLEN. Answers the length of the value; 0 if there is none.
struct Strlen {
  std::string key;
  friend bool operator==(const Strlen&, const Strlen&) = default;
};
// DBSIZE. Answers the number of keys.
struct DbSize {
  friend bool operator==(DbSize, DbSize) = default;
};
// GETRANGE. Answers the bytes first..last of the value, both counted from 0, or back from its end
// if negative; an absent key counts as empty.
struct GetRange {
  std::string key;
  std::int64_t first = 0;
  std::int64_t last = -1;
  friend bool operator==(const GetRange&, const GetRange&) = default;
};
// TYPE. Answers string or none.
struct Type {
  std::string key;
  friend bool operator==(const Type&, const Type&) = default;
};
// TTL. Answers -1 if the key exists, as none expires, else -2.
struct TimeToLive {
  std::string key;
  friend bool operator==(const TimeToLive&, const TimeToLive&) = default;
};
// SCAN. Answers where to go on (0: that was all) and the keys that match `pattern` (glob.h), of
// `count` or a few more that it looked at. A key that is there from the first call with cursor 0 to
// the last comes exactly once; nothing is remembered in between.
struct Scan {
  std::uint64_t cursor = 0;
  std::uint32_t count = 10;
  std::string pattern = "*";
  friend bool operator==(const Scan&, const Scan&) = default;
};
inline constexpr std::uint32_t kMaxScanCount = 10'000;  // A higher count is taken for this.
inline constexpr std::size_t kMaxScanBytes = std::size_t{256} * 1024;  // Of keys looked at.
using Query = std::variant<Get, MGet, Exists, Strlen, DbSize, GetRange, Type, TimeToLive, Scan>;

// What nearly every command and every query is, without a copy of its parts.
struct PlainSet {
  std::string_view key;
  std::string_view value;
};
// As encode() of a Set that always writes and only answers OK; of a Get.
std::string encode_plain_set(const PlainSet& set);
std::string encode_get(std::string_view key);
// The other way; nothing if it is something else, or malformed.
std::optional<PlainSet> plain_set(std::string_view payload);
std::optional<std::string_view> plain_get(std::string_view payload);

std::string encode(const Command& command);
std::string encode(const Query& query);
base::Result<Command> decode_command(std::string_view payload);
base::Result<Query> decode_query(std::string_view payload);

}  // namespace kv
