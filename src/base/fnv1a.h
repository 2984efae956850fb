// SPDX-License-Identifier: Apache-2.0
// A name as a number, FNV-1a with 64 bits: for names that stand in files and messages.
#pragma once

#include <cstdint>
#include <string_view>

namespace base {

constexpr std::uint64_t fnv1a(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace base
