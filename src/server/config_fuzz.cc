// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a configuration: read or refused, and refused with a place or a name.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "server/options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  server::RawOptions raw;
  const base::Status read = server::parse_config(text, "f.toml", raw);
  if (!read.ok()) {
    CHECK(read.error().message.starts_with("f.toml:"));
    return 0;
  }
  const auto options = server::check_options(raw);
  CHECK(options.ok() || !options.error().message.empty());
  return 0;
}
