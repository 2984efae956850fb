// SPDX-License-Identifier: Apache-2.0
// The words of a rule: who, relations, actions, both ways.
#include "check/plan/rule_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <sstream>

#include "base/text.h"
#include "check/plan/rule.h"

namespace check::plan {
namespace {

// What stands behind an action's word.
enum class Shape : std::uint8_t { Bare, Length, LengthOrRule, Field, Node, TwoNodes };

struct Known {
  ActionWord word;
  Shape shape;
  std::optional<wire::Deed> deed;
};

constexpr std::array<Known, 23> kActions = {{
    {{ActionKind::Drop, "drop", "", "the message never arrives"}, Shape::Bare, wire::Deed::Drop},
    {{ActionKind::Delay, "delay", "LENGTH", "it arrives later; what comes behind it does not wait"},
     Shape::Length,
     wire::Deed::Delay},
    {{ActionKind::Duplicate, "duplicate", "", "it arrives twice"},
     Shape::Bare,
     wire::Deed::Duplicate},
    {{ActionKind::Reorder, "reorder", "", "it arrives behind the next message of its connection"},
     Shape::Bare,
     wire::Deed::Reorder},
    {{ActionKind::Corrupt, "corrupt", "", "one byte of it arrives changed"},
     Shape::Bare,
     wire::Deed::Corrupt},
    {{ActionKind::Alter, "alter", "FIELD VALUE",
      "a field arrives as VALUE, or +VALUE, -VALUE more"},
     Shape::Field,
     wire::Deed::Alter},
    {{ActionKind::Reset, "reset", "", "it never arrives, and its connection is reset"},
     Shape::Bare,
     {}},
    {{ActionKind::Kill, "kill", "WHO", "SIGKILL every process of the node"}, Shape::Node, {}},
    {{ActionKind::Pause, "pause", "WHO", "SIGSTOP every process of the node"}, Shape::Node, {}},
    {{ActionKind::Resume, "resume", "WHO", "SIGCONT"}, Shape::Node, {}},
    {{ActionKind::Start, "start", "WHO", "start the node again after a kill"}, Shape::Node, {}},
    {{ActionKind::Cut, "cut", "WHO WHO", "drop every packet between the two"}, Shape::TwoNodes, {}},
    {{ActionKind::Isolate, "isolate", "WHO", "drop every packet from and to the node"},
     Shape::Node,
     {}},
    {{ActionKind::Deafen, "deafen", "WHO", "drop every packet to the node"}, Shape::Node, {}},
    {{ActionKind::Mute, "mute", "WHO", "drop every packet from the node"}, Shape::Node, {}},
    {{ActionKind::Heal, "heal", "", "every cut that rules have made ends"}, Shape::Bare, {}},
    {{ActionKind::Rest, "rest", "", "clients finish what they asked, and ask no more"},
     Shape::Bare,
     {}},
    {{ActionKind::GoOn, "go-on", "", "clients ask again"}, Shape::Bare, {}},
    {{ActionKind::Wait, "wait", "LENGTH", "before the next action of this rule"},
     Shape::Length,
     {}},
    {{ActionKind::Refuse, "refuse", "",
      "it never arrives, and its sender is told that it was refused"},
     Shape::Bare,
     wire::Deed::Answer},
    {{ActionKind::Close, "close", "",
      "it never arrives, and its connection is closed in good order"},
     Shape::Bare,
     {}},
    {{ActionKind::Hold, "hold", "LENGTH | until RULE",
      "kept for LENGTH, or until the rule has fired"},
     Shape::LengthOrRule,
     wire::Deed::Delay},
    {{ActionKind::CutOneWay, "cut-one-way", "WHO WHO",
      "drop every packet from the first to the second"},
     Shape::TwoNodes,
     {}},
}};

std::string_view word_of(const Known& known) { return known.word.word; }

const Known& known_of(ActionKind kind) {
  return *std::ranges::find(kActions, kind, [](const Known& known) { return known.word.kind; });
}

constexpr std::array<std::string_view, 8> kFields = {
    "term", "commit", "prev_index", "prev_term", "success", "match", "last_index", "last_term"};

base::Error wrong(std::string sentence) {
  return {base::ErrorCode::InvalidArgument, std::move(sentence)};
}

template <class Range, class Word>
std::vector<std::string> words_of(const Range& range, Word word) {
  std::vector<std::string> result;
  result.reserve(std::size(range));
  for (const auto& item : range) result.emplace_back(std::invoke(word, item));
  return result;
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "1.25" -> 1250; up to three digits behind the point.
std::optional<std::uint32_t> thousandths(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto units = whole(text.substr(0, point));
  std::string fraction(point < text.size() ? text.substr(point + 1) : "0");
  if (!units || *units > 100'000 || fraction.empty() || fraction.size() > 3) return std::nullopt;
  fraction.resize(3, '0');
  const auto parts = whole(fraction);
  if (!parts) return std::nullopt;
  return static_cast<std::uint32_t>(*units * 1000 + *parts);
}

std::string decimal(std::uint32_t value) {
  std::string fraction = std::to_string(1000 + value % 1000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::to_string(value / 1000) + (fraction.empty() ? "" : "." + fraction);
}

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

base::Result<Action> parse_hold(Action action, const std::vector<std::string>& words) {
  if (words.size() == 3 && words[1] == "until") {
    action.until = words[2];
    return action;
  }
  const auto length = words.size() == 2 ? thousandths(words[1]) : std::nullopt;
  if (!length) return wrong("'hold' is written \"hold LENGTH\" or \"hold until RULE\"");
  action.length = *length;
  return action;
}

base::Result<Action> parse_length(Action action, const std::vector<std::string>& words) {
  const auto length = words.size() == 2 ? thousandths(words[1]) : std::nullopt;
  if (!length) {
    return wrong("'" + words[0] + "' needs a length in election timeouts, such as \"" + words[0] +
                 " 0.5\"");
  }
  action.length = *length;
  return action;
}

base::Result<Action> parse_alter(Action action, const std::vector<std::string>& words) {
  if (words.size() != 3)
    return wrong("'alter' is written \"alter FIELD VALUE\", such as \"alter term +1\"");
  if (std::ranges::find(kFields, words[1]) == kFields.end()) {
    const auto fields = words_of(kFields, [](std::string_view field) { return field; });
    return wrong("unknown field '" + words[1] + "'" + base::did_you_mean(words[1], fields));
  }
  const bool relative = words[2].front() == '+' || words[2].front() == '-';
  const auto value = whole(std::string_view(words[2]).substr(relative ? 1 : 0));
  if (!value || *value > (1ULL << 62U)) return wrong("'" + words[2] + "' is no whole number");
  action.field = words[1];
  action.relative = relative;
  action.value = static_cast<std::int64_t>(*value) * (words[2].front() == '-' ? -1 : 1);
  return action;
}

base::Result<Action> parse_nodes(Action action, const std::vector<std::string>& words,
                                 std::size_t count) {
  if (words.size() != count + 1) {
    return wrong("'" + words[0] + "' needs " + (count == 1 ? "one node" : "two nodes") +
                 ", such as \"" + words[0] + (count == 1 ? " from\"" : " from to\""));
  }
  TRY(action.who, parse_who(words[1], true));
  if (count == 2) {
    TRY(action.other, parse_who(words[2], true));
  }
  return action;
}

}  // namespace

std::vector<ActionWord> action_words() {
  std::vector<ActionWord> words;
  words.reserve(kActions.size());
  for (const Known& known : kActions) words.push_back(known.word);
  return words;
}

std::optional<wire::Deed> deed_of(ActionKind kind) { return known_of(kind).deed; }

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
  const std::size_t point = rest.rfind('.');
  const std::string_view field = point == std::string_view::npos ? "" : rest.substr(point + 1);
  if (point == 0 || (field != "index" && field != "term" && field != "context")) {
    return wrong("\"" + text + "\" is no relation; one is written \">=57\" or \"=RULE.index\" " +
                 "(index, term or context)");
  }
  relation.rule = std::string(rest.substr(0, point));
  relation.field = std::string(field);
  return relation;
}

std::string describe(const Relation& relation) {
  std::string text;
  for (const auto& [sign, word] : kSigns) {
    if (sign == relation.sign) text = word;
  }
  return text + (relation.rule.empty() ? std::to_string(relation.value)
                                       : relation.rule + "." + relation.field);
}

base::Result<Action> parse_action(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string next; stream >> next;) words.push_back(next);
  if (words.empty()) return wrong("an action is a word, such as \"drop\"");
  const auto* const known = std::ranges::find(kActions, std::string_view(words[0]), word_of);
  if (known == kActions.end()) {
    return wrong("unknown action '" + words[0] + "'" +
                 base::did_you_mean(words[0], words_of(kActions, word_of)));
  }
  Action action{.kind = known->word.kind};
  if (words.size() > 2 && words[words.size() - 2] == "after" && words.back() == "delivery") {
    if (strikes_message(action.kind)) {
      return wrong("'" + words[0] + "' cannot come after delivery: it decides about delivery");
    }
    action.after_delivery = true;
    words.resize(words.size() - 2);
  }
  switch (known->shape) {
    case Shape::LengthOrRule:
      return parse_hold(action, words);
    case Shape::Field:
      return parse_alter(action, words);
    case Shape::Length:
      return parse_length(action, words);
    case Shape::TwoNodes:
      return parse_nodes(action, words, 2);
    case Shape::Node:
      return parse_nodes(action, words, 1);
    case Shape::Bare:
      break;
  }
  if (words.size() != 1) return wrong("'" + words[0] + "' takes no more words");
  return action;
}

std::string describe(const Action& action) {
  const Known& known = known_of(action.kind);
  std::string text(known.word.word);
  switch (known.shape) {
    case Shape::LengthOrRule:
      text += action.until.empty() ? " " + decimal(action.length) : " until " + action.until;
      break;
    case Shape::Field:
      text += " " + action.field + (action.relative && action.value >= 0 ? " +" : " ") +
              std::to_string(action.value);
      break;
    case Shape::Length:
      text += " " + decimal(action.length);
      break;
    case Shape::TwoNodes:
      text += " " + describe(action.who, true) + " " + describe(action.other, true);
      break;
    case Shape::Node:
      text += " " + describe(action.who, true);
      break;
    case Shape::Bare:
      break;
  }
  return text + (action.after_delivery ? " after delivery" : "");
}

}  // namespace check::plan
