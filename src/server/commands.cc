// SPDX-License-Identifier: Apache-2.0
#include "server/commands.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>

namespace server {
namespace {

constexpr std::size_t kEchoedBytes = 128;  // Of what a client sent, in an error.

constexpr std::array kGroups{data_commands, connection_commands, session_commands, raft_commands};

// Commands of Redis that are not here on purpose, and what to do instead.
struct Refusal {
  std::string_view name;
  std::string_view advice;
};
constexpr std::string_view kNoExpiry = "keys do not expire here";
constexpr std::string_view kDelete = "keys do not expire here: delete them with DEL";
constexpr std::string_view kNoChannels = "there are no channels here: only keys and values";
constexpr std::string_view kNoScripts =
    "there are no scripts here: use SET with IFEQ, INCRBY or APPEND, each of which is atomic";
constexpr std::string_view kNoTransactions =
    "there are no transactions: use MSET, or SET with IFEQ in a loop";
constexpr std::array kRefusals{
    Refusal{"AUTH", "there are no passwords here"},
    Refusal{"DISCARD", kNoTransactions},
    Refusal{"EVAL", kNoScripts},
    Refusal{"EVALSHA", kNoScripts},
    Refusal{"EXEC", kNoTransactions},
    Refusal{"EXPIRE", kDelete},
    Refusal{"EXPIREAT", kDelete},
    Refusal{"EXPIRETIME", kNoExpiry},
    Refusal{"FCALL", kNoScripts},
    Refusal{"GETEX", "keys do not expire here: use GET"},
    Refusal{"INCRBYFLOAT", "fractions are not supported, as servers could differ: use INCRBY"},
    Refusal{"KEYS", "KEYS would stop everybody else: use SCAN"},
    Refusal{"MULTI", kNoTransactions},
    Refusal{"PERSIST", kNoExpiry},
    Refusal{"PEXPIRE", kDelete},
    Refusal{"PEXPIREAT", kDelete},
    Refusal{"PEXPIRETIME", kNoExpiry},
    Refusal{"PSETEX", kDelete},
    Refusal{"PSUBSCRIBE", kNoChannels},
    Refusal{"PUBLISH", kNoChannels},
    Refusal{"SCRIPT", kNoScripts},
    Refusal{"SETEX", kDelete},
    Refusal{"SUBSCRIBE", kNoChannels},
    Refusal{"UNWATCH", kNoTransactions},
    Refusal{"WATCH", kNoTransactions},
};

std::string unknown(std::string_view name) {
  for (const Refusal& refusal : kRefusals) {
    if (equals_ignoring_case(refusal.name, name)) return "ERR " + std::string(refusal.advice);
  }
  return "ERR unknown command '" + std::string(name.substr(0, kEchoedBytes)) + "'";
}

// What a browser sends when a web page makes it, and a Redis client never: commands may stand in
// the lines after it, so nothing more is read of it.
bool is_of_http(std::string_view name) {
  return equals_ignoring_case(name, "POST") || equals_ignoring_case(name, "Host:");
}

// The first and last key say where keys are, as for COMMAND.
bool keys_fit(const CommandSpec& spec, Words words) {
  if (spec.first_key == 0) return true;
  const std::size_t end =
      spec.last_key < 0 ? words.size() : static_cast<std::size_t>(spec.last_key) + 1;
  const auto step = static_cast<std::size_t>(spec.key_step);
  for (auto i = static_cast<std::size_t>(spec.first_key); i < end; i += step) {
    if (words[i].size() > kMaxKeyBytes) return false;
  }
  return true;
}

bool arity_fits(const CommandSpec& spec, std::size_t words) {
  const auto count = static_cast<std::int64_t>(words);
  return spec.arity < 0 ? count >= -spec.arity : count == spec.arity;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool equals_ignoring_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
    return std::toupper(a) == std::toupper(b);
  });
}

Answered error_answer(const Call& call, std::string_view text) {
  Answered answered;
  resp::ReplyWriter(call.session.version, answered.reply).error(text);
  return answered;
}

std::vector<const CommandSpec*> all_commands() {
  std::vector<const CommandSpec*> all;
  for (const auto commands : kGroups) {
    for (const CommandSpec& spec : commands()) all.push_back(&spec);
  }
  return all;
}

const CommandSpec* find_command(std::string_view name) {
  constexpr std::size_t kLongest = 32;  // Of a command's name.
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const CommandSpec*> all;
    for (const CommandSpec* spec : all_commands()) all.emplace(spec->name, spec);
    return all;
  }();
  std::array<char, kLongest> upper{};
  if (name.size() > upper.size()) return nullptr;
  std::ranges::transform(name, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto found = by_name.find(std::string_view(upper.data(), name.size()));
  return found == by_name.end() ? nullptr : found->second;
}

Action interpret(Words words, Session& session, const NodeView& node) {
  const Call call{words, session, node};
  const CommandSpec* spec = find_command(words[0]);
  if (spec == nullptr && is_of_http(words[0])) {
    Answered closing = error_answer(call, "ERR Protocol error: this is HTTP, and no Redis client");
    closing.then_close = true;
    return closing;
  }
  if (spec == nullptr) return error_answer(call, unknown(words[0]));
  if (!arity_fits(*spec, words.size())) {
    return error_answer(call,
                        "ERR wrong number of arguments for '" + lower(spec->name) + "' command");
  }
  if (!keys_fit(*spec, words)) return error_answer(call, "ERR a key has at most 65536 bytes");
  return spec->run(call);
}

}  // namespace server
