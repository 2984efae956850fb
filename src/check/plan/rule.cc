// SPDX-License-Identifier: Apache-2.0
#include "check/plan/rule.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"
#include "check/plan/rule_words.h"

namespace check::plan {
namespace {

constexpr std::uint64_t kMostCount = 1'000'000;
constexpr std::size_t kMostRules = 200;

using TypeList = std::vector<wire::MessageType>;

std::vector<std::string> type_words() {
  std::vector<std::string> words;
  for (int type = 0; type <= static_cast<int>(wire::MessageType::Other); ++type) {
    words.emplace_back(wire::name(static_cast<wire::MessageType>(type)));
  }
  return words;
}

// A text, or a list of texts; each with its place.
base::Result<std::vector<std::pair<std::string, Position>>> texts(const Document& document,
                                                                  const Value& value,
                                                                  const std::string& key) {
  std::vector<std::pair<std::string, Position>> result;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    result.emplace_back(*text, value.at);
    return result;
  }
  const auto* list = std::get_if<Array>(&value.data);
  if (list == nullptr) {
    return complaint(document, value.at, '\'' + key + "' must be a text, or a list of texts");
  }
  for (const Value& item : *list) {
    const auto* text = std::get_if<std::string>(&item.data);
    if (text == nullptr) {
      return complaint(document, item.at, '\'' + key + "' must be a text, or a list of texts");
    }
    result.emplace_back(*text, item.at);
  }
  return result;
}

constexpr bool is_reply(wire::MessageType type) {
  using Type = wire::MessageType;
  return type == Type::RequestVoteReply || type == Type::PreVoteReply ||
         type == Type::AppendReply || type == Type::HeartbeatReply || type == Type::SnapshotReply ||
         type == Type::ReadIndexReply || type == Type::ProposeReply || type == Type::Other;
}

// What can never be so, or does not matter.
base::Status check_when(const Document& document, const Table& table, const When& when) {
  for (const auto& [known, value] : table) {
    const std::string& key = known.name;
    static constexpr std::string_view kOfMoments[] = {"type", "after", "until", "wait"};
    const bool of_message = std::ranges::find(kOfMoments, key) == std::end(kOfMoments);
    if (of_message && when.types.empty()) {
      return complaint(document, value.at,
                       "'" + key + "' is about a message: give 'when' a 'type'");
    }
    if (key == "success" && std::ranges::none_of(when.types, is_reply)) {
      return complaint(document, value.at, "'success' is of a reply, and no 'type' here is one");
    }
  }
  return base::Done{};
}

// What parse() makes of the text under the key; its complaints get the place.
template <class Parsed, class Parse>
base::Status read_as(const Document& document, const Value* value, Parsed& into, Parse parse) {
  if (value == nullptr) return base::Done{};
  std::string text;
  if (const auto* words = std::get_if<std::string>(&value->data)) {
    text = *words;
  } else if (const auto* number = std::get_if<std::int64_t>(&value->data)) {
    text = std::to_string(*number);
  } else {
    return complaint(document, value->at, "expected a text in quotes");
  }
  auto parsed = parse(text);
  if (!parsed.ok()) return complaint(document, value->at, parsed.error().message);
  into = std::move(parsed).value();
  return base::Done{};
}

base::Result<TypeList> read_types(const Document& document, const Value* value) {
  TypeList types;
  if (value == nullptr) return types;
  TRY(const auto words, texts(document, *value, "type"));
  if (words.empty()) return complaint(document, value->at, "'type' is a list of nothing");
  for (const auto& [word, at] : words) {
    const auto type = wire::message_type(word);
    if (!type) {
      return complaint(document, at, base::unknown_word("type of message", word, type_words()));
    }
    types.push_back(*type);
  }
  return types;
}

base::Result<wire::EntryKind> parse_kind(const std::string& word) {
  if (const auto kind = wire::entry_kind(word)) return *kind;
  std::vector<std::string> words;
  for (int kind = 0; kind <= static_cast<int>(wire::EntryKind::Other); ++kind) {
    words.emplace_back(wire::name(static_cast<wire::EntryKind>(kind)));
  }
  return base::Error{base::ErrorCode::InvalidArgument,
                     base::unknown_word("kind of entry", word, words)};
}

base::Result<When> read_when(const Document& document, const Value& value) {
  const auto* table = std::get_if<Table>(&value.data);
  if (table == nullptr) return complaint(document, value.at, "'when' must be a table");
  TableReader reader(document, *table, "'when'");
  When when;
  const auto who = [](const std::string& text) { return parse_who(text, false); };
  TRY(when.types, read_types(document, reader.find("type")));
  TRY([[maybe_unused]] base::Done done, read_as(document, reader.find("from"), when.from, who));
  TRY(done, read_as(document, reader.find("to"), when.to, who));
  TRY(done, read_as(document, reader.find("index"), when.index, parse_relation));
  TRY(done, read_as(document, reader.find("term"), when.term, parse_relation));
  TRY(done, read_as(document, reader.find("commit"), when.commit, parse_relation));
  TRY(done, read_as(document, reader.find("entries"), when.entries, parse_relation));
  TRY(done, read_as(document, reader.find("context"), when.context, parse_relation));
  TRY(done, read_as(document, reader.find("kind"), when.kind, parse_kind));
  if (reader.find("success") != nullptr) {
    TRY(when.success, reader.flag("success", true));
  }
  TRY(const std::uint64_t nth, reader.number("nth", 1, kMostCount));
  TRY(const std::uint64_t times, reader.number("times", 1, kMostCount));
  if (nth == 0) return complaint(document, value.at, "'nth' counts from 1");
  when.nth = static_cast<std::uint32_t>(nth);
  when.times = static_cast<std::uint32_t>(times);
  if (const Value* after = reader.find("after")) {
    TRY(const auto names, texts(document, *after, "after"));
    for (const auto& [name, at] : names) when.after.push_back(name);
  }
  TRY(when.until, reader.text("until", ""));
  TRY(const auto wait, reader.thousandths("wait"));
  if (!wait.empty()) when.wait = wait.front();
  TRY(done, reader.finished());
  TRY(done, check_when(document, *table, when));
  return when;
}

base::Result<std::vector<Action>> read_actions(const Document& document, const Rule& rule,
                                               const Value& value) {
  std::vector<Action> actions;
  TRY(const auto words, texts(document, value, "do"));
  bool decided = false;
  for (const auto& [text, at] : words) {
    auto action = parse_action(text);
    if (!action.ok()) return complaint(document, at, action.error().message);
    const Action& read = action.value();
    const bool of_message = strikes_message(read.kind) || read.after_delivery ||
                            (read.who.kind >= Who::Kind::From && read.who.rule.empty());
    if (of_message && rule.when.types.empty()) {
      return complaint(document, at, "\"" + text + "\" needs a message: give 'when' a 'type'");
    }
    if (strikes_message(read.kind) && decided) {
      return complaint(document, at, "one message, one fate: \"" + text + "\" is a second one");
    }
    decided = decided || strikes_message(read.kind);
    actions.push_back(std::move(action).value());
  }
  return actions;
}

base::Result<Rule> read_rule(const Document& document, const Value& value) {
  const auto* table = std::get_if<Table>(&value.data);
  if (table == nullptr) return complaint(document, value.at, "rules are written [[rule]]");
  TableReader reader(document, *table, "[[rule]]");
  Rule rule;
  rule.at = value.at;
  TRY(rule.name, reader.text("name", ""));
  const bool plain = std::ranges::all_of(
      rule.name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  if (rule.name.empty() || !plain) {
    return complaint(document, value.at, "a rule needs a 'name' of letters, digits, '-' and '_'");
  }
  if (const Value* when = reader.find("when")) {
    TRY(rule.when, read_when(document, *when));
  }
  if (const Value* actions = reader.find("do")) {
    TRY(rule.actions, read_actions(document, rule, *actions));
  }
  TRY(rule.require, reader.flag("require", false));
  TRY(rule.again, reader.flag("again", false));
  TRY([[maybe_unused]] base::Done done, reader.finished());
  return rule;
}

// Every name of another rule that a rule uses.
std::vector<std::string> names_in(const Rule& rule) {
  std::vector<std::string> names = rule.when.after;
  const auto add = [&names](const std::string& name) {
    if (!name.empty()) names.push_back(name);
  };
  add(rule.when.until);
  add(rule.when.from.rule);
  add(rule.when.to.rule);
  for (const auto* relation : {&rule.when.index, &rule.when.term, &rule.when.commit,
                               &rule.when.entries, &rule.when.context}) {
    if (*relation) add((*relation)->rule);
  }
  for (const Action& action : rule.actions) {
    add(action.who.rule);
    add(action.other.rule);
    add(action.until);
  }
  return names;
}

// A rule that could never be armed, because all it waits for waits for it; if there is one.
const Rule* waits_for_itself(const std::vector<Rule>& rules) {
  std::set<std::string> armed;
  const auto waits = [&armed](const Rule& rule) {
    return !armed.contains(rule.name) &&
           !std::ranges::all_of(rule.when.after,
                                [&armed](const auto& name) { return armed.contains(name); });
  };
  for (std::size_t round = 0; round < rules.size(); ++round) {
    for (const Rule& rule : rules) {
      if (!waits(rule)) armed.insert(rule.name);
    }
  }
  const auto found = std::ranges::find_if(rules, waits);
  return found == rules.end() ? nullptr : &*found;
}

std::string in_quotes(const std::string& word) { return '"' + word + '"'; }

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

// One text stands alone, several in a list.
std::string texts_of(std::vector<std::string> words) {
  for (std::string& word : words) word = in_quotes(word);
  return words.size() == 1 ? words.front() : "[" + joined(words) + "]";
}

// `key = value` of all that is not as it is when absent.
std::vector<std::string> pairs_of(const When& when) {
  std::vector<std::string> pairs;
  const auto add = [&pairs](const std::string& key, const std::string& value) {
    pairs.push_back(key + " = " + value);
  };
  std::vector<std::string> types;
  for (const wire::MessageType type : when.types) types.emplace_back(wire::name(type));
  if (!types.empty()) add("type", texts_of(types));
  if (when.from != Who{}) add("from", in_quotes(describe(when.from, false)));
  if (when.to != Who{}) add("to", in_quotes(describe(when.to, false)));
  const std::pair<const char*, const std::optional<Relation>*> relations[] = {
      {"index", &when.index},
      {"term", &when.term},
      {"commit", &when.commit},
      {"entries", &when.entries},
      {"context", &when.context}};
  for (const auto& [key, relation] : relations) {
    if (*relation) add(key, in_quotes(describe(**relation)));
  }
  if (when.kind) add("kind", in_quotes(std::string(wire::name(*when.kind))));
  if (when.success) add("success", *when.success ? "true" : "false");
  if (when.nth != 1) add("nth", std::to_string(when.nth));
  if (when.times != 1) add("times", std::to_string(when.times));
  if (!when.after.empty()) add("after", texts_of(when.after));
  if (!when.until.empty()) add("until", in_quotes(when.until));
  if (when.wait != 0) {
    const std::string thousandths = std::to_string(1000 + when.wait % 1000).substr(1);
    add("wait", std::to_string(when.wait / 1000) + '.' + thousandths);
  }
  return pairs;
}

}  // namespace

base::Result<std::vector<Rule>> read_rules(const Document& document, const Value& value) {
  const auto* list = std::get_if<Array>(&value.data);
  if (list == nullptr) return complaint(document, value.at, "rules are written [[rule]]");
  if (list->size() > kMostRules) return complaint(document, value.at, "at most 200 rules");
  std::vector<Rule> rules;
  std::vector<std::string> names;
  for (const Value& item : *list) {
    TRY(Rule rule, read_rule(document, item));
    if (std::ranges::find(names, rule.name) != names.end()) {
      return complaint(document, rule.at, "two rules are called '" + rule.name + "'");
    }
    names.push_back(rule.name);
    rules.push_back(std::move(rule));
  }
  for (const Rule& rule : rules) {
    for (const std::string& name : names_in(rule)) {
      if (std::ranges::find(names, name) != names.end()) continue;
      return complaint(document, rule.at,
                       "rule '" + rule.name + "' names a rule '" + name + "' that does not exist" +
                           base::did_you_mean(name, names));
    }
  }
  for (const Rule& rule : rules) {
    const auto holds = [&rule](const Action& action) { return action.until == rule.name; };
    if (!std::ranges::any_of(rule.actions, holds)) continue;
    return complaint(
        document, rule.at,
        "rule '" + rule.name + "' holds a message until it has fired itself, which it has by then");
  }
  if (const Rule* rule = waits_for_itself(rules); rule != nullptr) {
    return complaint(document, rule->at,
                     "rule '" + rule->name + "' can never fire: what it comes after waits for it");
  }
  return rules;
}

std::string write_rule(const Rule& rule) {
  std::string text = "\n[[rule]]\nname = \"" + rule.name + "\"\n";
  const std::vector<std::string> pairs = pairs_of(rule.when);
  if (!pairs.empty()) text += "when = { " + joined(pairs) + " }\n";
  std::vector<std::string> actions;
  for (const Action& action : rule.actions) actions.push_back(in_quotes(describe(action)));
  if (!actions.empty()) text += "do = [" + joined(actions) + "]\n";
  if (rule.require) text += "require = true\n";
  if (rule.again) text += "again = true\n";
  return text;
}

}  // namespace check::plan
