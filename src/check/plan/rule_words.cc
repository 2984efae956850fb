// SPDX-License-Identifier: Apache-2.0
// Who, and relations, both ways.
#include "check/plan/rule_words.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "check/plan/rule.h"

namespace check::plan {
namespace {

// What a relation may add to another rule's number.
constexpr std::uint64_t kMostMore = 1'000'000'000;

constexpr std::array<std::pair<Relation::Sign, std::string_view>, 6> kSigns = {{
    {Relation::Sign::AtMost, "<="},
    {Relation::Sign::AtLeast, ">="},
    {Relation::Sign::Unequal, "!="},
    {Relation::Sign::Less, "<"},
    {Relation::Sign::Greater, ">"},
    {Relation::Sign::Equal, "="},
}};

// The words that stand for themselves.
std::vector<std::pair<std::string, Who>> who_words(bool in_action) {
  using Kind = Who::Kind;
  std::vector<std::pair<std::string, Who>> words = {
      {"leader", {.kind = Kind::Leader}}, {"follower", {.kind = Kind::Follower, .number = 1}}};
  if (in_action) {
    words.insert(words.end(),
                 {{"from", {.kind = Kind::From}}, {"to", {.kind = Kind::To}}, {"all", {}}});
  } else {
    words.insert(words.end(), {{"any", {}}, {"candidate", {.kind = Kind::Candidate}}});
  }
  return words;
}

// 3 of "n3"; from 1 to 64.
std::optional<std::uint32_t> numbered(std::string_view word, std::string_view prefix) {
  const auto number = word.starts_with(prefix) ? whole(word.substr(prefix.size())) : std::nullopt;
  if (!number || *number < 1 || *number > 64) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

base::Error wrong(std::string sentence) {
  return {base::ErrorCode::InvalidArgument, std::move(sentence)};
}

base::Result<Who> parse_who(const std::string& word, bool in_action) {
  const auto choices = who_words(in_action);
  const auto known = std::ranges::find(choices, word, &std::pair<std::string, Who>::first);
  if (known != choices.end()) return known->second;
  if (const auto node = numbered(word, "n")) {
    return Who{.kind = Who::Kind::Node, .number = *node};
  }
  const auto place = in_action ? numbered(word, "follower") : std::nullopt;
  if (place) return Who{.kind = Who::Kind::Follower, .number = *place};
  for (const auto& [suffix, kind] :
       {std::pair{std::string(".from"), Who::Kind::From}, {".to", Who::Kind::To}}) {
    if (word.size() > suffix.size() && word.ends_with(suffix)) {
      return Who{.kind = kind, .rule = word.substr(0, word.size() - suffix.size())};
    }
  }
  const auto words = words_of(choices, &std::pair<std::string, Who>::first);
  return wrong("unknown node '" + word + "'" + base::did_you_mean(word, words) +
               (base::nearest(word, words) ? "" : "; n1, leader, follower, RULE.to are some"));
}

std::string describe(const Who& who, bool in_action) {
  using Kind = Who::Kind;
  const std::string rule = who.rule.empty() ? "" : who.rule + ".";
  switch (who.kind) {
    case Kind::Any:
      return in_action ? "all" : "any";
    case Kind::Leader:
      return "leader";
    case Kind::Follower:
      return in_action && who.number > 1 ? "follower" + std::to_string(who.number) : "follower";
    case Kind::Candidate:
      return "candidate";
    case Kind::Node:
      return "n" + std::to_string(who.number);
    case Kind::From:
      return rule + "from";
    case Kind::To:
      break;
  }
  return rule + "to";
}

base::Result<Relation> parse_relation(const std::string& text) {
  Relation relation;
  std::string_view rest = text;
  for (const auto& [sign, word] : kSigns) {
    if (rest.starts_with(word)) {
      relation.sign = sign;
      rest.remove_prefix(word.size());
      break;
    }
  }
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (const auto value = whole(rest)) {
    relation.value = *value;
    return relation;
  }
  const std::size_t plus = std::min(rest.find('+'), rest.size());
  const auto more = plus < rest.size() ? whole(rest.substr(plus + 1)) : std::uint64_t{0};
  rest = rest.substr(0, plus);
  const std::size_t point = rest.rfind('.');
  const std::string_view field = point == std::string_view::npos ? "" : rest.substr(point + 1);
  if (point == 0 || !more || *more > kMostMore ||
      (field != "index" && field != "term" && field != "context")) {
    return wrong("\"" + text + "\" is no relation; one is written \">=57\" or \"=RULE.index\" or " +
                 "\">RULE.index+6000\" (index, term or context)");
  }
  relation.rule = std::string(rest.substr(0, point));
  relation.field = std::string(field);
  relation.value = *more;
  return relation;
}

std::string describe(const Relation& relation) {
  std::string text;
  for (const auto& [sign, word] : kSigns) {
    if (sign == relation.sign) text = word;
  }
  if (relation.rule.empty()) return text + std::to_string(relation.value);
  text += relation.rule + "." + relation.field;
  return text + (relation.value > 0 ? "+" + std::to_string(relation.value) : "");
}

}  // namespace check::plan
