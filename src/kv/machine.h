// SPDX-License-Identifier: Apache-2.0
// The state machine: keys and values, changed by the committed commands in log order.
//
// Deterministic: two Machines that applied the same payloads give the same replies and have the
// same digest, on every computer. No payload, however malformed, stops it; all get the same Error.
//
// A machine::StateMachine: commands, queries and replies as bytes (command.h, reply.h). Snapshots
// are docs/formats/kv-snapshot.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/command.h"
#include "kv/reply.h"
#include "kv/store.h"
#include "machine/state_machine.h"

namespace kv {

// As in Redis (proto-max-bulk-len); no APPEND makes a value longer.
inline constexpr std::size_t kMaxValueBytes = std::size_t{512} * 1024 * 1024;

// An answer with the values of many keys has no more; short of what one server passes on to another
// for a client, so that it is the same wherever the client asks.
inline constexpr std::size_t kMaxListBytes = std::size_t{48} * 1024 * 1024;
inline constexpr std::size_t kListItemBytes = 32;  // What each counts for besides its value.

// An integer in the one way that Redis takes: no sign but a minus, no leading zeros, no spaces.
std::optional<std::int64_t> parse_integer(std::string_view text);

class Machine final : public machine::StateMachine {
 public:
  // Each payload is an encoded Command, each answer an encoded Reply.
  void apply(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers) override;
  // `query`: an encoded Query; the answer an encoded Reply.
  machine::Answer read(std::string_view query) const override;
  std::unique_ptr<machine::Snapshot> snapshot() override;
  std::unique_ptr<machine::Restore> begin_restore() override;

  // `payload`: an encoded Command.
  Reply apply(std::string_view payload);
  Reply apply(const Command& command);
  Reply read(const Query& query) const;
  // About how long the answer to `query` would be now: what it has of values and keys.
  std::size_t answer_bytes(std::string_view query) const;

  std::size_t size() const { return store_->size(); }

  // Shows each key and its value to `look(key, value)`.
  template <class Look>
  void visit(Look look) const {
    for (const auto& [place, value] : store_->values()) {
      look(std::string_view(place.key), std::string_view(value));
    }
  }

  // Of all keys and values; for tests, as it visits them all.
  std::uint64_t digest() const;

 private:
  void apply_some(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers);

  std::size_t value_bytes(std::string_view key) const;

  // One overload for each Command and Query.
  Reply on(const Set& command);
  Reply on(const Del& command);
  Reply on(const Increment& command);
  Reply on(const Append& command);
  Reply on(const MSet& command);
  Reply on(const MSetIfAbsent& command);
  Reply on(const GetDel& command);
  Reply on(DeleteAll);
  Reply on(const Get& query) const;
  Reply on(const MGet& query) const;
  Reply on(const Exists& query) const;
  Reply on(const Strlen& query) const;
  Reply on(DbSize) const;
  Reply on(const GetRange& query) const;
  Reply on(const Type& query) const;
  Reply on(const TimeToLive& query) const;
  Reply on(const Scan& query) const;

  // Where snapshots find it when the Machine has been moved. Never null.
  std::unique_ptr<Store> store_ = std::make_unique<Store>();
};

}  // namespace kv
