// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629), one code point at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size_bytes = 0;
};

// The code point that `text` begins with; nothing if it begins with anything but a shortest-form
// encoding of a code point that is no surrogate.
std::optional<CodePoint> find_code_point(std::string_view text);

void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace base
