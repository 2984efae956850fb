// SPDX-License-Identifier: Apache-2.0
// Log lines for people and grep: `time node event key=value ...`, one line each.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "raft/types.h"

namespace server {

class Log {
 public:
  explicit Log(raft::NodeId node) : node_(node) {}

  // Writes to standard error. `fields`: "key=value key=value", made with fmt::format; a value with
  // spaces stands in double quotes, see quoted().
  void event(std::string_view name, std::string_view fields) const;

 private:
  raft::NodeId node_;
};

// In double quotes, with " and control characters made harmless.
std::string quoted(std::string_view text);

// Lets one event through in a while, so that what repeats does not flood the log.
class RateLimit {
 public:
  bool allows(std::chrono::nanoseconds now);

 private:
  static constexpr std::chrono::seconds kInterval{10};
  std::chrono::nanoseconds next_{0};
};

}  // namespace server
