// SPDX-License-Identifier: Apache-2.0
#include "kv/machine.h"

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/result.h"

namespace kv {

namespace {

Reply ok() { return {Status{"OK"}}; }

// What a client would have to be told of bytes that no client of ours can have sent.
Reply malformed(const base::Error& error) { return {Error{"ERR " + error.message}}; }

Reply bulk_or_nil(const std::string* value) {
  if (value == nullptr) return {Nil{}};
  return {Bulk{*value}};
}

// An integer in the one way that Redis takes: no sign but a minus, no leading zeros, no spaces.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with('0') && text != "0") return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> sum(std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(left, right, &result)) return std::nullopt;
  return result;
}

bool holds(const Condition& condition, const std::string* found) {
  if (std::holds_alternative<IfAbsent>(condition)) return found == nullptr;
  if (std::holds_alternative<IfPresent>(condition)) return found != nullptr;
  if (const auto* equal = std::get_if<IfEqual>(&condition)) {
    return found != nullptr && *found == equal->expected;
  }
  return true;
}

// FNV-1a, of length and bytes, so that no two lists of strings look alike.
void mix(std::uint64_t& hash, std::string_view bytes) {
  constexpr std::uint64_t prime = 0x100000001b3U;
  for (std::uint64_t length = bytes.size(); length != 0; length >>= 8U) {
    hash = (hash ^ (length & 0xffU)) * prime;
  }
  hash = (hash ^ 0xffU) * prime;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
}

}  // namespace

Reply Machine::apply(std::string_view payload) {
  const base::Result<Command> command = decode_command(payload);
  return command.ok() ? apply(command.value()) : malformed(command.error());
}

Reply Machine::apply(const Command& command) {
  return std::visit([this](const auto& each) { return on(each); }, command);
}

Reply Machine::read(std::string_view payload) const {
  const base::Result<Query> query = decode_query(payload);
  return query.ok() ? read(query.value()) : malformed(query.error());
}

Reply Machine::read(const Query& query) const {
  return std::visit([this](const auto& each) { return on(each); }, query);
}

Reply Machine::on(const Set& command) {
  const std::string* found = find(command.key);
  const bool write = holds(command.condition, found);
  Reply reply = write ? ok() : Reply{Nil{}};
  if (command.get) reply = bulk_or_nil(found);
  if (write) values_.insert_or_assign(command.key, command.value);
  return reply;
}

Reply Machine::on(const Del& command) {
  std::int64_t removed = 0;
  for (const std::string& key : command.keys) {
    removed += static_cast<std::int64_t>(values_.erase(key));
  }
  return {Integer{removed}};
}

Reply Machine::on(const Increment& command) {
  const std::string* found = find(command.key);
  const std::optional<std::int64_t> before = found == nullptr ? 0 : parse_integer(*found);
  if (!before) return {Error{"ERR value is not an integer or out of range"}};
  const std::optional<std::int64_t> after = sum(*before, command.by);
  if (!after) return {Error{"ERR increment or decrement would overflow"}};
  values_.insert_or_assign(command.key, std::to_string(*after));
  return {Integer{*after}};
}

Reply Machine::on(const Append& command) {
  const std::string* found = find(command.key);
  const std::size_t before = found == nullptr ? 0 : found->size();
  if (before > kMaxValueBytes || command.suffix.size() > kMaxValueBytes - before) {
    return {Error{"ERR string exceeds maximum allowed size (proto-max-bulk-len)"}};
  }
  std::string& value = values_[command.key];
  value += command.suffix;
  return {Integer{static_cast<std::int64_t>(value.size())}};
}

Reply Machine::on(const MSet& command) {
  for (const KeyValue& pair : command.pairs) values_.insert_or_assign(pair.key, pair.value);
  return ok();
}

Reply Machine::on(const Get& query) const { return bulk_or_nil(find(query.key)); }

Reply Machine::on(const MGet& query) const {
  Array array;
  array.items.reserve(query.keys.size());
  for (const std::string& key : query.keys) array.items.push_back(bulk_or_nil(find(key)));
  return {std::move(array)};
}

Reply Machine::on(const Exists& query) const {
  std::int64_t count = 0;
  for (const std::string& key : query.keys) count += find(key) != nullptr ? 1 : 0;
  return {Integer{count}};
}

Reply Machine::on(const Strlen& query) const {
  const std::string* found = find(query.key);
  return {Integer{found == nullptr ? 0 : static_cast<std::int64_t>(found->size())}};
}

Reply Machine::on(DbSize) const { return {Integer{static_cast<std::int64_t>(values_.size())}}; }

std::uint64_t Machine::digest() const {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto& [key, value] : values_) {
    mix(hash, key);
    mix(hash, value);
  }
  return hash;
}

const std::string* Machine::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

}  // namespace kv
