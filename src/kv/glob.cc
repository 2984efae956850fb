// SPDX-License-Identifier: Apache-2.0
#include "kv/glob.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace kv {
namespace {

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

// The bytes from a '[' on: does `c` belong there, and where does the class end?
struct Class {
  bool holds = false;
  std::size_t end = 0;
};
Class match_class(std::string_view pattern, std::size_t at, char c) {
  ++at;
  const bool inverted = at < pattern.size() && pattern[at] == '^';
  if (inverted) ++at;
  bool found = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      found = found || pattern[++at] == c;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      const unsigned char one = byte(pattern[at]);
      const unsigned char other = byte(pattern[at + 2]);
      found = found || (std::min(one, other) <= byte(c) && byte(c) <= std::max(one, other));
      at += 2;
    } else {
      found = found || pattern[at] == c;
    }
  }
  return {found != inverted, std::min(at + 1, pattern.size())};
}

// Where the pattern goes on if what stands at `at`, no star, takes `c`.
std::optional<std::size_t> match_one(std::string_view pattern, std::size_t at, char c) {
  if (at >= pattern.size()) return std::nullopt;
  if (pattern[at] == '?') return at + 1;
  if (pattern[at] == '[') {
    const Class found = match_class(pattern, at, c);
    return found.holds ? std::optional(found.end) : std::nullopt;
  }
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return pattern[at] == c ? std::optional(at + 1) : std::nullopt;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t taken = 0;
  std::optional<std::size_t> behind_star;  // Of the last one, which has taken up to `star_taken`.
  std::size_t star_taken = 0;
  while (taken < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_taken = taken;
    } else if (const auto next = match_one(pattern, at, text[taken])) {
      at = *next;
      ++taken;
    } else if (behind_star) {
      at = *behind_star;
      taken = ++star_taken;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace kv
