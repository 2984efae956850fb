// SPDX-License-Identifier: Apache-2.0
// Heads of HTTP/1.1 requests and responses: the first line, the fields, the blank line.
// RFC 9112; of its liberties only those that real programs take are known.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace check::wire {

// How the end of what follows a head is found (RFC 9112 §6.3).
struct HttpBody {
  enum class Kind : std::uint8_t { Sized, Chunked, UntilClose };
  Kind kind = Kind::Sized;
  std::uint64_t size_bytes = 0;  // Of Kind::Sized; 0: there is none.
};

// Views into the head that was read.
struct HttpRequest {
  std::string_view method = {};
  std::string_view path = {};  // Without the query.
  HttpBody body = {};
};

struct HttpResponse {
  unsigned status = 0;
  HttpBody body = {};
};

// `head` ends with its blank line.
base::Result<HttpRequest> parse_request(std::string_view head);
// A response to HEAD says how long its body would be, but has none.
base::Result<HttpResponse> parse_response(std::string_view head, bool to_head);

// The value of a field, its name in lower case; none if the head has no such field.
std::optional<std::string_view> http_field(std::string_view head, std::string_view name);

}  // namespace check::wire
