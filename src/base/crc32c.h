// SPDX-License-Identifier: Apache-2.0
// CRC32C (Castagnoli; RFC 3720 §12.1 and B.4), by the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace base {

// The checksum of `bytes`. With `before`, that of everything `before` covered followed by `bytes`:
//   crc32c("ab") == crc32c("b", crc32c("a"))
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

// The same by table, for machines without the instruction and for tests.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);

}  // namespace base
