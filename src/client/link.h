// SPDX-License-Identifier: Apache-2.0
// One connection to one node, used by one command at a time; every wait has an end.
#pragma once

#include <chrono>
#include <functional>
#include <future>
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
  using Resolve = std::function<base::Result<os::Address>(const os::HostPort&)>;

  // `resolve` is called on another thread, which may outlive the Link.
  explicit Link(os::HostPort where, Resolve resolve = os::resolve)
      : where_(std::move(where)), resolve_(std::move(resolve)) {}

  const os::HostPort& where() const { return where_; }
  bool is_open() const { return connection_.has_value(); }
  void close() { connection_.reset(); }

  // Fails in time.
  base::Status open(Time deadline);
  // NotDone: not a byte left. Unknown: no answer came; the Link is closed.
  // Requires: is_open().
  Outcome call(Words words, Time deadline);

 private:
  base::Result<os::Address> find(Time deadline);
  base::Result<resp::Reply> receive(Time deadline);

  os::HostPort where_;
  Resolve resolve_;
  std::future<base::Result<os::Address>> search_;  // Under way, or not taken yet.
  std::optional<os::Connection> connection_;
};

}  // namespace client
