// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace base {

namespace {

constexpr std::size_t kLongestWord = 64;

// Optimal string alignment distance: Damerau-Levenshtein without edits inside a swapped pair.
std::size_t edits(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> current(to.size() + 1);
  for (std::size_t column = 0; column <= to.size(); ++column) current[column] = column;
  for (std::size_t row = 1; row <= from.size(); ++row) {
    std::swap(before_last, last);
    std::swap(last, current);
    current[0] = row;
    for (std::size_t column = 1; column <= to.size(); ++column) {
      const std::size_t replaced = from[row - 1] == to[column - 1] ? 0 : 1;
      std::size_t least = std::min({last[column] + 1, current[column - 1] + 1,  //
                                    last[column - 1] + replaced});
      const bool swapped = row > 1 && column > 1 && from[row - 1] == to[column - 2] &&
                           from[row - 2] == to[column - 1];
      if (swapped) least = std::min(least, before_last[column - 2] + 1);
      current[column] = least;
    }
  }
  return current[to.size()];
}

std::size_t farthest_near(std::size_t length) {
  return std::max<std::size_t>(length >= 4 ? 2 : 1, length / 3);
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string> choices) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t fewest = farthest_near(word.size()) + 1;
  for (const std::string& choice : choices) {
    if (choice.size() > kLongestWord) continue;
    const std::size_t distance = edits(word, choice);
    if (distance < fewest && distance < std::max(word.size(), choice.size())) {
      fewest = distance;
      best = choice;
    }
  }
  return best;
}

std::string listed(std::span<const std::string> words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : ", ") + word;
  return line;
}

std::string unknown_word(std::string_view what, std::string_view word,
                         std::span<const std::string> choices) {
  std::string sentence = "unknown ";
  sentence.append(what).append(" '").append(word).append("'");
  return sentence + did_you_mean(word, choices) + " (there are " + listed(choices) + ')';
}

std::string did_you_mean(std::string_view word, std::span<const std::string> choices) {
  const std::optional<std::string_view> choice = nearest(word, choices);
  if (!choice) return {};
  return "; did you mean '" + std::string(*choice) + "'?";
}

}  // namespace base
