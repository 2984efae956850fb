// SPDX-License-Identifier: Apache-2.0
// Commands on keys and values: they become what the state machine understands.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "kv/machine.h"
#include "server/commands.h"

namespace server {
namespace {

std::string text(std::string_view view) { return std::string(view); }

std::vector<std::string> keys(const Call& call) {
  return {call.words.begin() + 1, call.words.end()};
}

Ask write(const kv::Command& command) {
  return Ask{std::make_shared<const std::string>(kv::encode(command)), {}};
}
Ask read(const kv::Query& query) { return Ask{nullptr, kv::encode(query)}; }

Action get(const Call& call) { return Ask{nullptr, kv::encode_get(call.words[1])}; }
Action mget(const Call& call) { return read(kv::MGet{keys(call)}); }
Action exists(const Call& call) { return read(kv::Exists{keys(call)}); }
Action length(const Call& call) { return read(kv::Strlen{text(call.words[1])}); }
Action dbsize(const Call& /*call*/) { return read(kv::DbSize{}); }
Action del(const Call& call) { return write(kv::Del{keys(call)}); }
Action append(const Call& call) {
  return write(kv::Append{text(call.words[1]), text(call.words[2])});
}

Action mset(const Call& call) {
  if (call.words.size() % 2 == 0)
    return error_answer(call, "ERR wrong number of arguments for 'mset' command");
  kv::MSet mset;
  for (std::size_t i = 1; i < call.words.size(); i += 2)
    mset.pairs.push_back({text(call.words[i]), text(call.words[i + 1])});
  return write(mset);
}

// SETNX key value, MSETNX key value ...
Action msetnx(const Call& call) {
  if (call.words.size() % 2 == 0)
    return error_answer(call, "ERR wrong number of arguments for 'msetnx' command");
  kv::MSetIfAbsent mset;
  for (std::size_t i = 1; i < call.words.size(); i += 2)
    mset.pairs.push_back({text(call.words[i]), text(call.words[i + 1])});
  return write(mset);
}

Action getset(const Call& call) {
  return write(kv::Set{text(call.words[1]), text(call.words[2]), kv::Always{}, true});
}
Action getdel(const Call& call) { return write(kv::GetDel{text(call.words[1])}); }
Action type(const Call& call) { return read(kv::Type{text(call.words[1])}); }
Action time_to_live(const Call& call) { return read(kv::TimeToLive{text(call.words[1])}); }

// FLUSHALL [SYNC | ASYNC]
Action flushall(const Call& call) {
  const bool known = call.words.size() == 1 || equals_ignoring_case(call.words[1], "SYNC") ||
                     equals_ignoring_case(call.words[1], "ASYNC");
  if (!known || call.words.size() > 2) return error_answer(call, "ERR syntax error");
  return write(kv::DeleteAll{});
}

bool is_expiry(std::string_view word) {
  static constexpr std::array<std::string_view, 5> kWords{"EX", "PX", "EXAT", "PXAT", "KEEPTTL"};
  for (const std::string_view known : kWords) {
    if (equals_ignoring_case(word, known)) return true;
  }
  return false;
}

// The condition that `word` names, if it names one; IFEQ takes the word after it from `words`.
std::optional<kv::Condition> condition(std::string_view word, Words& rest) {
  if (equals_ignoring_case(word, "NX")) return kv::IfAbsent{};
  if (equals_ignoring_case(word, "XX")) return kv::IfPresent{};
  if (!equals_ignoring_case(word, "IFEQ") || rest.empty()) return std::nullopt;
  kv::IfEqual equal{text(rest[0])};
  rest = rest.subspan(1);
  return equal;
}

Action set(const Call& call) {
  if (call.words.size() == 3) {
    return Ask{
        std::make_shared<const std::string>(kv::encode_plain_set({call.words[1], call.words[2]})),
        {}};
  }
  kv::Set set;
  set.key = call.words[1];
  set.value = call.words[2];
  Words rest = call.words.subspan(3);
  bool conditional = false;
  while (!rest.empty()) {
    const std::string_view word = rest[0];
    rest = rest.subspan(1);
    if (is_expiry(word)) {
      return error_answer(call,
                          "ERR keys do not expire here: EX, PX, EXAT, PXAT and KEEPTTL are "
                          "not supported");
    }
    if (equals_ignoring_case(word, "GET")) {
      set.get = true;
    } else if (auto found = condition(word, rest); found && !conditional) {
      set.condition = std::move(*found);
      conditional = true;
    } else {
      return error_answer(call, "ERR syntax error");
    }
  }
  return write(set);
}

Action getrange(const Call& call) {
  const auto first = kv::parse_integer(call.words[2]);
  const auto last = kv::parse_integer(call.words[3]);
  if (!first || !last) return error_answer(call, "ERR value is not an integer or out of range");
  return read(kv::GetRange{text(call.words[1]), *first, *last});
}

// What is wrong with it; null: nothing, and `scan` has it.
const char* take_scan_option(std::string_view word, std::string_view value, kv::Scan& scan) {
  constexpr std::size_t kMaxPatternBytes = 256;
  if (equals_ignoring_case(word, "MATCH")) {
    scan.pattern = value;
    return value.size() > kMaxPatternBytes ? "ERR a pattern has at most 256 bytes" : nullptr;
  }
  if (equals_ignoring_case(word, "TYPE")) {
    const bool known = equals_ignoring_case(value, "string");
    return known ? nullptr : "ERR all values are of type string here";
  }
  if (!equals_ignoring_case(word, "COUNT")) return "ERR syntax error";
  const auto count = kv::parse_integer(value);
  if (!count) return "ERR value is not an integer or out of range";
  if (*count < 1) return "ERR syntax error";
  scan.count = static_cast<std::uint32_t>(std::min<std::int64_t>(*count, kv::kMaxScanCount));
  return nullptr;
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
Action scan(const Call& call) {
  kv::Scan scan;
  const std::string_view cursor = call.words[1];
  const auto [end, error] =
      std::from_chars(cursor.data(), cursor.data() + cursor.size(), scan.cursor);
  if (error != std::errc{} || end != cursor.data() + cursor.size())
    return error_answer(call, "ERR invalid cursor");
  for (Words rest = call.words.subspan(2); !rest.empty(); rest = rest.subspan(2)) {
    if (rest.size() == 1) return error_answer(call, "ERR syntax error");
    const char* wrong = take_scan_option(rest[0], rest[1], scan);
    if (wrong != nullptr) return error_answer(call, wrong);
  }
  return read(scan);
}

Action increment_by(const Call& call, std::optional<std::int64_t> by) {
  if (!by) return error_answer(call, "ERR value is not an integer or out of range");
  return write(kv::Increment{text(call.words[1]), *by});
}
Action incr(const Call& call) { return increment_by(call, 1); }
Action decr(const Call& call) { return increment_by(call, -1); }
Action incrby(const Call& call) { return increment_by(call, kv::parse_integer(call.words[2])); }
Action decrby(const Call& call) {
  std::optional<std::int64_t> by = kv::parse_integer(call.words[2]);
  if (by == std::numeric_limits<std::int64_t>::min())
    return error_answer(call, "ERR decrement would overflow");
  if (by) by = -*by;
  return increment_by(call, by);
}

constexpr std::array kDataCommands{
    CommandSpec{"APPEND", 3, "write", 1, 1, 1, "Append to the value of a key", append},
    CommandSpec{"DBSIZE", 1, "readonly", 0, 0, 0, "The number of keys", dbsize},
    CommandSpec{"DECR", 2, "write", 1, 1, 1, "Decrement the integer value of a key by one", decr},
    CommandSpec{"DECRBY", 3, "write", 1, 1, 1, "Decrement the integer value of a key", decrby},
    CommandSpec{"DEL", -2, "write", 1, -1, 1, "Delete keys", del},
    CommandSpec{"EXISTS", -2, "readonly", 1, -1, 1, "How many of the keys exist", exists},
    CommandSpec{"FLUSHALL", -1, "write", 0, 0, 0, "Delete all keys", flushall},
    CommandSpec{"FLUSHDB", -1, "write", 0, 0, 0, "Delete all keys", flushall},
    CommandSpec{"GET", 2, "readonly", 1, 1, 1, "The value of a key", get},
    CommandSpec{"GETDEL", 2, "write", 1, 1, 1, "The value of a key, which is deleted", getdel},
    CommandSpec{"GETRANGE", 4, "readonly", 1, 1, 1, "A part of the value of a key", getrange},
    CommandSpec{"GETSET", 3, "write", 1, 1, 1, "Set a key, answer its old value", getset},
    CommandSpec{"INCR", 2, "write", 1, 1, 1, "Increment the integer value of a key by one", incr},
    CommandSpec{"INCRBY", 3, "write", 1, 1, 1, "Increment the integer value of a key", incrby},
    CommandSpec{"MGET", -2, "readonly", 1, -1, 1, "The values of many keys", mget},
    CommandSpec{"MSET", -3, "write", 1, -1, 2, "Set many keys at once", mset},
    CommandSpec{"MSETNX", -3, "write", 1, -1, 2, "Set many keys if none exists", msetnx},
    CommandSpec{"PTTL", 2, "readonly", 1, 1, 1, "-1: it exists and does not expire", time_to_live},
    CommandSpec{"SCAN", -2, "readonly", 0, 0, 0, "Some of the keys, and where to go on", scan},
    CommandSpec{"SET", -3, "write", 1, 1, 1, "Set a key, perhaps on a condition", set},
    CommandSpec{"SETNX", 3, "write", 1, 1, 1, "Set a key if it does not exist", msetnx},
    CommandSpec{"STRLEN", 2, "readonly", 1, 1, 1, "The length of the value of a key", length},
    CommandSpec{"SUBSTR", 4, "readonly", 1, 1, 1, "A part of the value of a key", getrange},
    CommandSpec{"TOUCH", -2, "readonly", 1, -1, 1, "How many of the keys exist", exists},
    CommandSpec{"TTL", 2, "readonly", 1, 1, 1, "-1: it exists and does not expire", time_to_live},
    CommandSpec{"TYPE", 2, "readonly", 1, 1, 1, "string, or none", type},
    CommandSpec{"UNLINK", -2, "write", 1, -1, 1, "Delete keys", del},
};

}  // namespace

std::span<const CommandSpec> data_commands() { return kDataCommands; }

}  // namespace server
