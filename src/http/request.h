// SPDX-License-Identifier: Apache-2.0
// The little of HTTP/1.1 (RFC 9112) that a page of figures needs: one request without a body out of
// a connection's first bytes, one response, and the connection is closed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace http {

inline constexpr std::size_t kMaxHeadBytes = std::size_t{8} * 1024;

struct Request {
  std::string method;  // "GET"
  std::string path;    // "/metrics", without what follows a '?'.
};

// The request that `input` begins with; nothing: more bytes are needed, and there are less than
// kMaxHeadBytes. InvalidArgument: it is no request, or one with a body.
base::Result<std::optional<Request>> parse_request(std::string_view input);

struct Response {
  int status = 200;
  std::string body{};
  std::string type = "text/plain; charset=utf-8";
  std::string allow{};  // Of 405: the methods that are known.
};

// As bytes; without the body for HEAD.
std::string encode(const Response& response, bool with_body);

}  // namespace http
