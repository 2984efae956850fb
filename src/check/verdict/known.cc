// SPDX-License-Identifier: Apache-2.0
#include "check/verdict/known.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace check::verdict {

namespace {

using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kMostDigits = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "3.4.20"; nothing if anything else is in it.
std::optional<Numbers> numbers(std::string_view text) {
  Numbers result;
  while (true) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > kMostDigits) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : text.substr(0, digits)) {
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    result.push_back(number);
    if (digits == text.size()) return result;
    if (text[digits] != '.') return std::nullopt;
    text.remove_prefix(digits + 1);
  }
}

// "nats-server: v2.9.10" -> 2.9.10
std::optional<Numbers> told_version(std::string_view text) {
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find_first_of(" \t,"));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.starts_with('v')) word.remove_prefix(1);
    // The first word of that shape is the version, whatever is behind it.
    if (word.empty() || !is_digit(word.front()) || word.find('.') == word.npos) continue;
    return numbers(word);
  }
  return std::nullopt;
}

struct Versions {
  Numbers from;
  Numbers to;
  bool prefix = false;
};

std::optional<Versions> versions(std::string_view word) {
  const std::size_t dots = word.find("..");
  const auto from = numbers(word.substr(0, dots));
  if (!from) return std::nullopt;
  if (dots == word.npos) return Versions{*from, {}, true};
  const auto to = numbers(word.substr(dots + 2));
  if (!to || *to < *from) return std::nullopt;
  return Versions{*from, *to, false};
}

// Violations of one kind about the same nodes are one finding, which counts them at its end.
std::string_view without_count(std::string_view sentence) {
  constexpr std::string_view kBegin = " (and ";
  constexpr std::string_view kEnd = " more of the same)";
  const std::size_t begin = sentence.rfind(kBegin);
  if (begin == sentence.npos || !sentence.ends_with(kEnd)) return sentence;
  const std::size_t digits = begin + kBegin.size();
  const std::size_t end = sentence.size() - kEnd.size();
  if (end <= digits) return sentence;
  const bool counts = std::ranges::all_of(sentence.substr(digits, end - digits), is_digit);
  return counts ? sentence.substr(0, begin) : sentence;
}

}  // namespace

// A star is first given nothing, then more and more. Only the last one is ever given more: what an
// earlier one would take of the text, the last can take as well, as no star takes a parenthesis.
bool fits(std::string_view wildcard, std::string_view text) {
  std::size_t w = 0;
  std::size_t t = 0;
  std::optional<std::size_t> behind_star;
  std::size_t taken = 0;  // By the last star, up to here.
  while (t < text.size() || w < wildcard.size()) {
    if (w < wildcard.size() && wildcard[w] == '*') {
      behind_star = ++w;
      taken = t;
    } else if (w < wildcard.size() && t < text.size() && wildcard[w] == text[t]) {
      ++w;
      ++t;
    } else if (behind_star && taken < text.size() && text[taken] != '(' && text[taken] != ')') {
      w = *behind_star;
      t = ++taken;
    } else {
      return false;
    }
  }
  return true;
}

bool is_versions(std::string_view word) { return versions(word).has_value(); }

bool in_versions(std::string_view word, std::string_view version) {
  const auto range = versions(word);
  const auto told = told_version(version);
  if (!range || !told) return false;
  if (!range->prefix) return *told >= range->from && *told <= range->to;
  return told->size() >= range->from.size() &&
         std::equal(range->from.begin(), range->from.end(), told->begin());
}

bool is_of(const KnownBug& bug, const Finding& finding, std::string_view version) {
  const auto listed = [&](const std::string& word) { return in_versions(word, version); };
  return finding.verdict == Verdict::Invalid && finding.checker == bug.checker &&
         std::ranges::any_of(bug.versions, listed) &&
         fits(bug.sentence, without_count(finding.sentence));
}

void mark_known(std::span<Finding> findings, std::span<const KnownBug> bugs,
                std::string_view version) {
  for (Finding& finding : findings) {
    const auto bug = std::ranges::find_if(
        bugs, [&](const KnownBug& one) { return is_of(one, finding, version); });
    if (bug != bugs.end()) finding.known = bug->id;
  }
}

Verdict beside_known(std::span<const Finding> findings) {
  Verdict heaviest = Verdict::Valid;
  for (const Finding& finding : findings) {
    if (!finding.known) heaviest = std::max(heaviest, finding.verdict);
  }
  return heaviest;
}

}  // namespace check::verdict
