// SPDX-License-Identifier: Apache-2.0
// The state machine: keys and values, changed by the committed commands in log order.
//
// Deterministic: two Machines that applied the same payloads give the same replies and have the
// same digest, on every computer. No payload, however malformed, stops it; all get the same Error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "kv/command.h"
#include "kv/reply.h"

namespace kv {

// As in Redis (proto-max-bulk-len); no APPEND makes a value longer.
inline constexpr std::size_t kMaxValueBytes = std::size_t{512} * 1024 * 1024;

class Machine {
 public:
  // `payload`: an encoded Command (command.h), from a committed entry.
  Reply apply(std::string_view payload);
  Reply apply(const Command& command);

  // `payload`: an encoded Query.
  Reply read(std::string_view payload) const;
  Reply read(const Query& query) const;

  std::size_t size() const { return values_.size(); }

  // Of all keys and values; for tests, as it visits them all.
  std::uint64_t digest() const;

 private:
  // One overload for each Command and Query.
  Reply on(const Set& command);
  Reply on(const Del& command);
  Reply on(const Increment& command);
  Reply on(const Append& command);
  Reply on(const MSet& command);
  Reply on(const Get& query) const;
  Reply on(const MGet& query) const;
  Reply on(const Exists& query) const;
  Reply on(const Strlen& query) const;
  Reply on(DbSize) const;

  const std::string* find(std::string_view key) const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace kv
