// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), for records that strangers compare with their own tools.
#pragma once

#include <string>
#include <string_view>

namespace base {

// 64 hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace base
