// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as an adapter needs it: one request at a time on a kept connection, a hard deadline, a
// bounded answer, and never a second try of a request that may have left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "check/cluster/connection.h"
#include "check/cluster/deadline.h"
#include "check/cluster/stream.h"

namespace check::cluster {

struct HttpResponse {
  unsigned status = 0;
  std::string body;
};

class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const std::string& address, std::uint16_t port)
      : host_(address + ":" + std::to_string(port)), connection_(address, port) {}

  base::Status open(const Deadline& deadline) { return connection_.open(deadline); }
  Exchange<HttpResponse> get(std::string_view path, const Deadline& deadline);
  Exchange<HttpResponse> post_json(std::string_view path, std::string_view body,
                                   const Deadline& deadline);
  void close() { connection_.close(); }

 private:
  Exchange<HttpResponse> exchange(std::string_view request, const Deadline& deadline);

  std::string host_;
  Connection connection_;
};

}  // namespace check::cluster
