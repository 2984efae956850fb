// SPDX-License-Identifier: Apache-2.0
// How the parts of a rule are written; for rule.cc and action_words.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/plan/rule.h"

namespace check::plan {

// `in_action`: whom an action strikes; else whom a message is from or to.
base::Result<Who> parse_who(const std::string& word, bool in_action);
std::string describe(const Who& who, bool in_action);

base::Result<Relation> parse_relation(const std::string& text);
std::string describe(const Relation& relation);

// The word of each item, for base::did_you_mean().
template <class Range, class Word>
std::vector<std::string> words_of(const Range& range, Word word) {
  std::vector<std::string> result;
  result.reserve(std::size(range));
  for (const auto& item : range) result.emplace_back(std::invoke(word, item));
  return result;
}

// A number without sign, point or anything else.
std::optional<std::uint64_t> whole(std::string_view text);
// What was written is not what can be.
base::Error wrong(std::string sentence);

}  // namespace check::plan
