// SPDX-License-Identifier: Apache-2.0
// One connection to one node, used by one command at a time; every wait has an end.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/outcome.h"
#include "os/connection.h"
#include "os/net.h"

namespace client {

using Words = std::span<const std::string_view>;
using Time = std::chrono::nanoseconds;  // As os::steady_now().

class Link {
 public:
  explicit Link(os::HostPort where) : where_(std::move(where)) {}

  const os::HostPort& where() const { return where_; }
  bool is_open() const { return connection_.has_value(); }
  void close() { connection_.reset(); }

  // Fails in time.
  base::Status open(Time deadline);
  // NotDone: not a byte left. Unknown: no answer came; the Link is closed.
  // Requires: is_open().
  Outcome call(Words words, Time deadline);

 private:
  base::Result<resp::Reply> receive(Time deadline);

  os::HostPort where_;
  std::optional<os::Connection> connection_;
};

}  // namespace client
