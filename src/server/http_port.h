// SPDX-License-Identifier: Apache-2.0
// The port for figures and health: a few connections, one request each, on the loop of the node.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>

#include "http/request.h"
#include "os/connection.h"
#include "os/loop.h"
#include "os/net.h"

namespace server {

class HttpPort final : public os::Handler {
 public:
  // What is at `path`; 404 if nothing.
  using Pages = std::function<http::Response(std::string_view path)>;

  // Requires: `loop` outlives it.
  static base::Result<std::unique_ptr<HttpPort>> listen(os::Loop& loop, const os::HostPort& where,
                                                        Pages pages);
  HttpPort(const HttpPort&) = delete;
  HttpPort& operator=(const HttpPort&) = delete;
  ~HttpPort() override;

  // Closes who takes too long.
  void on_time(std::chrono::nanoseconds now);

  void on_ready(os::Ready ready) override;

  static constexpr std::size_t kMaxConnections = 64;  // One more takes the place of the oldest.
  static constexpr std::chrono::seconds kPatience{5};

 private:
  class Visitor;

  HttpPort(os::Loop& loop, os::Fd listening, Pages pages);
  http::Response respond(const base::Result<std::optional<http::Request>>& request) const;

  os::Loop& loop_;
  os::Fd listening_;
  os::Loop::Watch watch_;
  Pages pages_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Visitor>> visitors_;  // By age.
};

}  // namespace server
