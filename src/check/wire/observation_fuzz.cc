// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a line of messages.jsonl: what is understood is the same after it was written
// and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check/wire/observation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto read = check::wire::parse_observation(text);
  if (!read.ok()) return 0;
  std::string once;
  append_line(once, read.value());
  const auto again =
      check::wire::parse_observation(std::string_view(once).substr(0, once.size() - 1));
  CHECK(again.ok(), once);
  std::string twice;
  append_line(twice, again.value());
  CHECK(once == twice, once, twice);
  return 0;
}
