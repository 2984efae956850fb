// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/words.h"

#include "base/text.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;

Error wrong(std::string sentence) { return {ErrorCode::InvalidArgument, std::move(sentence)}; }

// What is between the brace at `open` and its partner, whose position it returns in `close`.
base::Result<std::string_view> inside(std::string_view text, std::size_t open, std::size_t& close) {
  std::size_t depth = 0;
  for (close = open; close < text.size(); ++close) {
    if (text[close] == '{') depth += 1;
    if (text[close] == '}' && --depth == 0) return text.substr(open + 1, close - open - 1);
  }
  return wrong("a brace is not closed in '" + std::string(text) + "' (write {{ for a brace)");
}

// "{others*:{address}:7000}" taken apart.
struct Listing {
  bool is_others = false;
  bool many_words = false;
  std::string_view piece;
};

std::optional<Listing> listing_of(std::string_view content) {
  Listing listing;
  const std::size_t colon = content.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view name = content.substr(0, colon);
  if (name.ends_with('*')) {
    listing.many_words = true;
    name.remove_suffix(1);
  }
  if (name != "peers" && name != "others") return std::nullopt;
  listing.is_others = name == "others";
  listing.piece = content.substr(colon + 1);
  return listing;
}

base::Result<std::string> value_of(std::string_view name, const Scope& scope) {
  std::vector<std::string> known;
  const auto search = [&known, &name](const Names& names) -> const std::string* {
    for (const auto& [each, value] : names) {
      if (each == name) return &value;
      known.push_back(each);
    }
    return nullptr;
  };
  if (const std::string* value = search(scope.names)) return *value;
  if (scope.self) {
    if (const std::string* value = search(scope.nodes[*scope.self])) return *value;
  }
  const std::string word(name);
  const std::string near = base::did_you_mean(word, known);
  return wrong("unknown name {" + word + "}" + (near.empty() ? " (write {{ for a brace)" : near));
}

// `text` with what `resolve` makes of each pair of braces.
template <class Resolve>
base::Result<std::string> with_braces_resolved(std::string_view text, Resolve resolve) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (letter != '{' && letter != '}') {
      result += letter;
    } else if (at + 1 < text.size() && text[at + 1] == letter) {
      result += letter;
      at += 1;
    } else if (letter == '}') {
      return wrong("a brace closes nothing in '" + std::string(text) + "' (write }} for a brace)");
    } else {
      std::size_t close = at;
      TRY(const std::string_view content, inside(text, at, close));
      TRY(const std::string value, resolve(content));
      result += value;
      at = close;
    }
  }
  return result;
}

base::Result<std::vector<std::string>> pieces_of(const Listing& listing, const Scope& scope) {
  std::vector<std::string> pieces;
  if (listing.is_others && !scope.self) {
    return wrong("{others:...} has no meaning here, where no node is the one that is meant");
  }
  for (std::size_t node = 0; node < scope.nodes.size(); ++node) {
    if (listing.is_others && node == scope.self) continue;
    const Scope within{scope.names, scope.nodes, node};
    TRY(std::string piece, with_braces_resolved(listing.piece, [&within](std::string_view name) {
          return value_of(name, within);
        }));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

base::Result<std::string> filled_in(std::string_view content, const Scope& scope) {
  const std::optional<Listing> listing = listing_of(content);
  if (!listing) return value_of(content, scope);
  if (listing->many_words) {
    return wrong("{" + std::string(content) + "} has to be a word of its own in a list");
  }
  TRY(const std::vector<std::string> pieces, pieces_of(*listing, scope));
  std::string joined;
  for (const std::string& piece : pieces) {
    if (!joined.empty()) joined += ',';
    joined += piece;
  }
  return joined;
}

}  // namespace

base::Result<std::string> expand_text(std::string_view text, const Scope& scope) {
  return with_braces_resolved(
      text, [&scope](std::string_view content) { return filled_in(content, scope); });
}

base::Result<std::vector<std::string>> expand(std::string_view word, const Scope& scope) {
  std::size_t close = 0;
  if (word.starts_with('{') && !word.starts_with("{{")) {
    TRY(const std::string_view content, inside(word, 0, close));
    const std::optional<Listing> listing = listing_of(content);
    if (close + 1 == word.size() && listing && listing->many_words) {
      return pieces_of(*listing, scope);
    }
  }
  TRY(std::string text, expand_text(word, scope));
  return std::vector<std::string>{std::move(text)};
}

base::Result<std::vector<std::string>> expand_all(const std::vector<std::string>& words,
                                                  const Scope& scope) {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    TRY(const std::vector<std::string> expanded, expand(word, scope));
    all.insert(all.end(), expanded.begin(), expanded.end());
  }
  return all;
}

}  // namespace check::cluster
