// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a request; what more bytes follow changes nothing.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const auto request = http::parse_request(bytes);
  if (!request.ok() || !request.value()) return 0;
  CHECK(request.value()->path.starts_with('/'));
  const auto longer = http::parse_request(bytes + "more");
  CHECK(longer.ok() && longer.value().has_value());
  CHECK(longer.value()->path == request.value()->path);
  return 0;
}
