// SPDX-License-Identifier: Apache-2.0
// Any bytes at all from a client, whole and in two parts: the same requests, the same error. And
// any bytes at all as a reply.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "resp/reply.h"
#include "resp/request_parser.h"

namespace {

std::string requests_of(std::string_view bytes, std::size_t first_part) {
  resp::RequestParser parser(resp::RequestLimits{});
  std::string seen;
  std::size_t begin = 0;
  for (const std::size_t end : {first_part, bytes.size()}) {
    while (true) {
      const auto request = parser.next(bytes.substr(begin, end - begin));
      if (!request.ok()) return seen + request.error().message;
      if (!request.value()) break;
      for (const std::string_view argument : request.value()->arguments)
        seen.append(argument).push_back(' ');
      seen += '\n';
      CHECK(request.value()->size_bytes > 0);
      begin += request.value()->size_bytes;
      CHECK(begin <= end, begin, end);
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = requests_of(bytes, bytes.size());
  const std::string parts = requests_of(bytes, data[0] % (bytes.size() + 1));
  CHECK(whole == parts, whole, parts);
  (void)resp::parse_reply(bytes);
  return 0;
}
