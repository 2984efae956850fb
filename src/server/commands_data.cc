// SPDX-License-Identifier: Apache-2.0
// Commands on keys and values: they become what the state machine understands.
#include <array>
#include <charconv>
#include <limits>
#include <optional>

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
Ask read(kv::Query query) { return Ask{nullptr, std::move(query)}; }

Action get(const Call& call) { return read(kv::Get{text(call.words[1])}); }
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

std::optional<std::int64_t> number(std::string_view word) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

Action increment_by(const Call& call, std::optional<std::int64_t> by) {
  if (!by) return error_answer(call, "ERR value is not an integer or out of range");
  return write(kv::Increment{text(call.words[1]), *by});
}
Action incr(const Call& call) { return increment_by(call, 1); }
Action decr(const Call& call) { return increment_by(call, -1); }
Action incrby(const Call& call) { return increment_by(call, number(call.words[2])); }
Action decrby(const Call& call) {
  std::optional<std::int64_t> by = number(call.words[2]);
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
    CommandSpec{"GET", 2, "readonly", 1, 1, 1, "The value of a key", get},
    CommandSpec{"INCR", 2, "write", 1, 1, 1, "Increment the integer value of a key by one", incr},
    CommandSpec{"INCRBY", 3, "write", 1, 1, 1, "Increment the integer value of a key", incrby},
    CommandSpec{"MGET", -2, "readonly", 1, -1, 1, "The values of many keys", mget},
    CommandSpec{"MSET", -3, "write", 1, -1, 2, "Set many keys at once", mset},
    CommandSpec{"SET", -3, "write", 1, 1, 1, "Set a key, perhaps on a condition", set},
    CommandSpec{"STRLEN", 2, "readonly", 1, 1, 1, "The length of the value of a key", length},
};

}  // namespace

std::span<const CommandSpec> data_commands() { return kDataCommands; }

}  // namespace server
