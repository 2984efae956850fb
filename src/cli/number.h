// SPDX-License-Identifier: Apache-2.0
// Refuses what is no number in words of ours. To be given to an option: `->check(is_number32())`.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace cli {

template <class Number>
CLI::Validator is_number() {
  const auto why_not = [](const std::string& word) -> std::string {
    Number value = 0;
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end) return {};
    return "'" + word + "' is not a whole number from 0 to " +
           std::to_string(std::numeric_limits<Number>::max());
  };
  return CLI::Validator(why_not, "");  // No description: help, man page stay as they are.
}

inline CLI::Validator is_number32() { return is_number<std::uint32_t>(); }
inline CLI::Validator is_number64() { return is_number<std::uint64_t>(); }

}  // namespace cli
