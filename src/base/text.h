// SPDX-License-Identifier: Apache-2.0
// Small services on text that reach a person: naming the word that was probably meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace base {

// The choice that `word` was probably meant to be: the one fewest edits away (insert, delete,
// replace a character, or swap two neighbours), the first of equals; nothing if even that one is
// farther than a third of the word's length (but one edit is always near, two from four letters
// on). Words over 64 characters are near nothing.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string> choices);

// "etcd, raftkv, mine"
std::string listed(std::span<const std::string> words);

// "unknown plan 'standart'; did you mean 'standard'? (there are none, standard)"
std::string unknown_word(std::string_view what, std::string_view word,
                         std::span<const std::string> choices);

// The end of an error's sentence: "; did you mean 'partition'?", or nothing if no choice is near.
//   "plan.toml:3:1: unknown key 'nmae'" + did_you_mean("nmae", keys)
std::string did_you_mean(std::string_view word, std::span<const std::string> choices);

}  // namespace base
