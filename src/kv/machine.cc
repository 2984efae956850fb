// SPDX-License-Identifier: Apache-2.0
#include "kv/machine.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/result.h"
#include "kv/glob.h"
#include "kv/snapshot.h"

namespace kv {

namespace {

constexpr std::size_t kTogether = 16;  // Commands whose keys are looked for at once.

Reply ok() { return {Status{"OK"}}; }

// What a client would have to be told of bytes that no client of ours can have sent.
Reply malformed(const base::Error& error) { return {Error{"ERR " + error.message}}; }

Reply bulk_or_nil(const std::string* value) {
  if (value == nullptr) return {Nil{}};
  return {Bulk{*value}};
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

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with('0') && text != "0") return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void Machine::apply(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers) {
  answers.reserve(answers.size() + commands.size());
  while (!commands.empty()) {
    const auto some = commands.first(std::min(commands.size(), kTogether));
    apply_some(some, answers);
    commands = commands.subspan(some.size());
  }
}

void Machine::apply_some(std::span<const raft::Entry> commands,
                         std::vector<machine::Answer>& answers) {
  std::array<std::optional<PlainSet>, kTogether> sets;
  std::array<PlaceView, kTogether> places;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    sets.at(i) = plain_set(*commands[i].payload);
    if (sets.at(i)) places.at(i) = PlaceView(sets.at(i)->key);
  }
  store_->prefetch(std::span(places).first(commands.size()));
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (sets.at(i)) {
      store_->set(places.at(i), sets.at(i)->value);
      answers.emplace_back(kEncodedOk);
    } else {
      answers.push_back(encode(apply(*commands[i].payload)));
    }
  }
}

machine::Answer Machine::read(std::string_view query) const {
  if (const std::optional<std::string_view> key = plain_get(query)) {
    const std::string* found = store_->find(*key);
    // Whoever wraps the answer adds little.
    if (found != nullptr) return encode_bulk(*found, sizeof(std::uint64_t));
  }
  const base::Result<Query> decoded = decode_query(query);
  return encode(decoded.ok() ? read(decoded.value()) : malformed(decoded.error()));
}

std::size_t Machine::answer_bytes(std::string_view query) const {
  if (const std::optional<std::string_view> key = plain_get(query)) return value_bytes(*key);
  const base::Result<Query> decoded = decode_query(query);
  if (!decoded.ok()) return 0;
  if (const auto* get = std::get_if<Get>(&decoded.value())) return value_bytes(get->key);
  if (const auto* range = std::get_if<GetRange>(&decoded.value())) return value_bytes(range->key);
  if (std::holds_alternative<Scan>(decoded.value())) return kMaxScanBytes;
  const auto* many = std::get_if<MGet>(&decoded.value());
  if (many == nullptr) return 0;
  std::size_t bytes = 0;
  for (const std::string& key : many->keys) bytes += kListItemBytes + value_bytes(key);
  return std::min(bytes, kMaxListBytes);
}

std::size_t Machine::value_bytes(std::string_view key) const {
  const std::string* found = store_->find(key);
  return found == nullptr ? 0 : found->size();
}

std::unique_ptr<machine::Snapshot> Machine::snapshot() {
  return std::make_unique<SnapshotWriter>(*store_);
}

std::unique_ptr<machine::Restore> Machine::begin_restore() {
  return std::make_unique<SnapshotReader>(*store_);
}

Reply Machine::apply(std::string_view payload) {
  const base::Result<Command> command = decode_command(payload);
  return command.ok() ? apply(command.value()) : malformed(command.error());
}

Reply Machine::apply(const Command& command) {
  return std::visit([this](const auto& each) { return on(each); }, command);
}

Reply Machine::read(const Query& query) const {
  return std::visit([this](const auto& each) { return on(each); }, query);
}

Reply Machine::on(const Set& command) {
  const std::string* found = store_->find(command.key);
  const bool write = holds(command.condition, found);
  Reply reply = write ? ok() : Reply{Nil{}};
  if (command.get) reply = bulk_or_nil(found);
  if (write) store_->set(command.key, command.value);
  return reply;
}

Reply Machine::on(const Del& command) {
  std::int64_t removed = 0;
  for (const std::string& key : command.keys) {
    removed += store_->erase(key) ? 1 : 0;
  }
  return {Integer{removed}};
}

Reply Machine::on(const Increment& command) {
  const std::string* found = store_->find(command.key);
  const std::optional<std::int64_t> before = found == nullptr ? 0 : parse_integer(*found);
  if (!before) return {Error{"ERR value is not an integer or out of range"}};
  const std::optional<std::int64_t> after = sum(*before, command.by);
  if (!after) return {Error{"ERR increment or decrement would overflow"}};
  store_->set(command.key, std::to_string(*after));
  return {Integer{*after}};
}

Reply Machine::on(const Append& command) {
  const std::string* found = store_->find(command.key);
  const std::size_t before = found == nullptr ? 0 : found->size();
  if (before > kMaxValueBytes || command.suffix.size() > kMaxValueBytes - before) {
    return {Error{"ERR string exceeds maximum allowed size (proto-max-bulk-len)"}};
  }
  store_->append(command.key, command.suffix);
  return {Integer{static_cast<std::int64_t>(before + command.suffix.size())}};
}

Reply Machine::on(const MSet& command) {
  for (const KeyValue& pair : command.pairs) store_->set(pair.key, pair.value);
  return ok();
}

Reply Machine::on(const MSetIfAbsent& command) {
  for (const KeyValue& pair : command.pairs) {
    if (store_->find(pair.key) != nullptr) return {Integer{0}};
  }
  for (const KeyValue& pair : command.pairs) store_->set(pair.key, pair.value);
  return {Integer{1}};
}

Reply Machine::on(const GetDel& command) {
  Reply reply = bulk_or_nil(store_->find(command.key));
  store_->erase(command.key);
  return reply;
}

Reply Machine::on(DeleteAll) {
  store_->clear();
  return ok();
}

Reply Machine::on(const Get& query) const { return bulk_or_nil(store_->find(query.key)); }

// Keys may be named twice, and values be long: nothing is copied before all is known to fit.
Reply Machine::on(const MGet& query) const {
  std::vector<const std::string*> found;
  found.reserve(query.keys.size());
  std::size_t bytes = 0;
  for (const std::string& key : query.keys) {
    found.push_back(store_->find(key));
    bytes += kListItemBytes + (found.back() == nullptr ? 0 : found.back()->size());
  }
  if (bytes > kMaxListBytes) {
    return {Error{"ERR the answer is too long: " + std::to_string(bytes) + " bytes, and " +
                  std::to_string(kMaxListBytes) + " are allowed; ask for fewer keys at once"}};
  }
  Array array;
  array.items.reserve(found.size());
  for (const std::string* value : found) array.items.push_back(bulk_or_nil(value));
  return {std::move(array)};
}

Reply Machine::on(const Exists& query) const {
  std::int64_t count = 0;
  for (const std::string& key : query.keys) count += store_->find(key) != nullptr ? 1 : 0;
  return {Integer{count}};
}

Reply Machine::on(const Strlen& query) const {
  const std::string* found = store_->find(query.key);
  return {Integer{found == nullptr ? 0 : static_cast<std::int64_t>(found->size())}};
}

Reply Machine::on(DbSize) const { return {Integer{static_cast<std::int64_t>(store_->size())}}; }

Reply Machine::on(const GetRange& query) const {
  const std::string* found = store_->find(query.key);
  if (found == nullptr) return {Bulk{}};
  const auto size = static_cast<std::int64_t>(found->size());
  const auto from_start = [size](std::int64_t at) {
    return at < 0 ? std::max(at, -size) + size : at;
  };
  const std::int64_t first = from_start(query.first);
  const std::int64_t last = std::min(from_start(query.last), size - 1);
  const bool backwards = query.first < 0 && query.last < 0 && query.first > query.last;
  if (backwards || first > last) return {Bulk{}};
  return {Bulk{
      found->substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1))}};
}

Reply Machine::on(const Type& query) const {
  return {Status{store_->find(query.key) == nullptr ? "none" : "string"}};
}

Reply Machine::on(const TimeToLive& query) const {
  return {Integer{store_->find(query.key) == nullptr ? -2 : -1}};
}

// A place is a hash: keys that share one come together, or what follows them would be skipped.
Reply Machine::on(const Scan& query) const {
  const Store::Values& values = store_->values();
  const std::uint32_t count = std::clamp<std::uint32_t>(query.count, 1, kMaxScanCount);
  std::uint32_t seen = 0;
  std::size_t bytes = 0;
  std::uint64_t hash = 0;
  Array keys;
  auto at = values.lower_bound(Place{query.cursor, {}});
  for (; at != values.end(); ++at) {
    const Place& place = at->first;
    if ((seen >= count || bytes >= kMaxScanBytes) && place.hash != hash) break;
    hash = place.hash;
    ++seen;
    bytes += place.key.size();
    if (matches(query.pattern, place.key)) keys.items.emplace_back().value = Bulk{place.key};
  }
  const std::uint64_t cursor = at == values.end() ? 0 : at->first.hash;
  Array answer;
  answer.items.push_back({Bulk{std::to_string(cursor)}});
  answer.items.emplace_back().value.emplace<Array>(std::move(keys));
  return {std::move(answer)};
}

std::uint64_t Machine::digest() const {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto& [place, value] : store_->values()) {
    mix(hash, place.key);
    mix(hash, value);
  }
  return hash;
}

}  // namespace kv
