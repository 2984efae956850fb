// SPDX-License-Identifier: Apache-2.0
#include "check/search/gadget_maker.h"

#include <algorithm>
#include <sstream>

#include "base/check.h"
#include "check/search/draw.h"

namespace check::search {

namespace {

std::string length_word(std::uint32_t thousandths) {
  const std::string fraction = std::to_string(1000 + thousandths % 1000).substr(1);
  return std::to_string(thousandths / 1000) + "." + fraction;
}

plan::Action action(const std::string& text) {
  auto parsed = plan::parse_action(text);
  CHECK(parsed.ok(), text);
  return std::move(parsed).value();
}

plan::Who who_of(rules::Role role) {
  using Kind = plan::Who::Kind;
  switch (role) {
    case rules::Role::Leader:
      return {.kind = Kind::Leader};
    case rules::Role::Follower:
      return {.kind = Kind::Follower, .number = 1};
    case rules::Role::Candidate:
      return {.kind = Kind::Candidate};
    case rules::Role::Unknown:
      break;
  }
  return {};
}

// From 1 to `most`, small numbers as likely as large ones.
std::uint32_t drawn_nth(std::uint64_t most, base::Prng& prng) {
  std::uint64_t bits = 0;
  while (bits < 12 && (std::uint64_t{2} << bits) <= most) bits += 1;
  const std::uint64_t top = std::uint64_t{1} << prng.between(0, bits);
  return static_cast<std::uint32_t>(prng.between(1, top));
}

// A rule that fires so long after another.
plan::Rule timer(const std::string& name, const std::string& after, std::uint32_t wait) {
  plan::Rule rule;
  rule.name = name;
  rule.when.after = {after};
  rule.when.wait = wait;
  return rule;
}

}  // namespace

const Talk& GadgetMaker::drawn_talk(base::Prng& prng) const {
  std::vector<const Talk*> talks;
  std::vector<std::uint64_t> weights;
  for (const auto& [talk, count] : palette_.talks()) {
    talks.push_back(&talk);
    weights.push_back(merits_.weight("at " + std::string(wire::name(talk.type))));
  }
  return *talks[weighted(weights, prng)];
}

plan::When GadgetMaker::about(const Talk& talk, base::Prng& prng) const {
  plan::When when;
  when.types = {talk.type};
  when.from = who_of(talk.from);
  when.to = who_of(talk.to);
  when.nth = drawn_nth(palette_.talks().at(talk) / 2, prng);
  return when;
}

std::string GadgetMaker::drawn_deed(wire::MessageType type, base::Prng& prng) const {
  const auto words = palette_.deeds(type);
  if (words.empty()) return {};
  std::vector<std::uint64_t> weights;
  weights.reserve(words.size());
  for (const std::string& word : words) weights.push_back(merits_.weight(word));
  return words[weighted(weights, prng)];
}

std::string GadgetMaker::add_strike(plan::Rule& rule, base::Prng& prng) const {
  std::vector<std::string> whos = {"leader", "leader", "follower", "follower2"};
  // Always two different nodes: nobody can be parted from itself.
  std::vector<std::string> pairs = {"leader follower", "follower leader"};
  if (palette_.nodes() > 2) pairs.insert(pairs.end(), {"leader follower2", "follower follower2"});
  if (!rule.when.types.empty()) {
    whos.insert(whos.end(), {"from", "from", "to", "to", "to"});
    pairs.insert(pairs.end(), {"from to", "from to", "to from"});
  }
  const auto& strikes = palette_.strikes();
  std::vector<std::uint64_t> weights;
  weights.reserve(strikes.size());
  for (const auto& strike : strikes) weights.push_back(merits_.weight(strike.word));
  const auto& strike = strikes[weighted(weights, prng)];
  std::string arguments;
  const bool two = strike.arguments.starts_with("WHO WHO");
  if (two) arguments = " " + one_of(pairs, prng);
  std::istringstream stream(two ? strike.arguments.substr(7) : strike.arguments);
  for (std::string next; stream >> next;) {
    if (next == "WHO") arguments += " " + one_of(whos, prng);
    if (next == "LENGTH") arguments += " " + length_word(drawn_length(prng));
  }
  auto begin = action(strike.word + arguments);
  const bool ends_by_node = strike.end == "start" || strike.end == "resume";
  begin.after_delivery = ends_by_node && !rule.when.types.empty() && percent(30, prng);
  rule.actions.push_back(begin);
  rule.actions.push_back(action("wait " + length_word(drawn_length(prng))));
  if (!strike.end.empty()) {
    rule.actions.push_back(action(strike.end + (ends_by_node ? arguments : "")));
  }
  return strike.word;
}

// Something happens to one message, to several, or to all for a while.
Gadget GadgetMaker::deed(base::Prng& prng) const {
  const Talk& talk = drawn_talk(prng);
  const std::string word = drawn_deed(talk.type, prng);
  if (word.empty()) return strike_at_message(prng);
  Gadget gadget;
  plan::Rule rule;
  rule.name = "a";
  rule.when = about(talk, prng);
  const bool lasts = word == "delay" || word == "hold";
  rule.actions = {action(word + (lasts ? " " + length_word(drawn_length(prng)) : ""))};
  rule.when.times = percent(40, prng) ? 1 : static_cast<std::uint32_t>(prng.between(0, 6));
  const bool cuts = word == "close" || word == "reset";
  if (cuts) rule.when.times = std::max(rule.when.times, 1U);
  if (rule.when.times == 0) {
    rule.when.until = "b";
    gadget.rules.push_back(timer("b", "a", drawn_length(prng)));
  }
  gadget.rules.insert(gadget.rules.begin(), rule);
  gadget.words = {word, "at " + std::string(wire::name(talk.type)), "deed"};
  return gadget;
}

Gadget GadgetMaker::strike_at_message(base::Prng& prng) const {
  const Talk& talk = drawn_talk(prng);
  Gadget gadget;
  plan::Rule rule;
  rule.name = "a";
  rule.when = about(talk, prng);
  const auto deeds = palette_.deeds(talk.type);
  const bool drops = std::ranges::find(deeds, "drop") != deeds.end() && percent(30, prng);
  if (drops) rule.actions.push_back(action("drop"));
  const std::string word = add_strike(rule, prng);
  if (drops) rule.actions[1].after_delivery = false;  // It is not delivered.
  gadget.rules = {rule};
  gadget.words = {word, "at " + std::string(wire::name(talk.type)), "strike"};
  return gadget;
}

// What was said in one leader's time is heard in the next one's.
Gadget GadgetMaker::hold_across_leaders(base::Prng& prng) const {
  const Talk& talk = drawn_talk(prng);
  const auto deeds = palette_.deeds(talk.type);
  const auto leading = palette_.leading();
  if (leading.empty() || std::ranges::find(deeds, "hold") == deeds.end()) {
    return strike_at_message(prng);
  }
  plan::Rule kept;
  kept.name = "a";
  kept.when = about(talk, prng);
  kept.actions = {action("hold until c")};
  if (percent(30, prng)) {
    kept.when.times = 0;
    kept.when.until = "b";
  }
  plan::Rule led;
  led.name = "b";
  led.when.types = leading;
  led.when.after = {"a"};
  led.when.nth = drawn_nth(16, prng);
  led.when.term = plan::Relation{
      .sign = plan::Relation::Sign::Greater, .value = 0, .rule = "a", .field = "term"};
  plan::Rule provoked = timer("d", "a", prng.between(0, 1) == 0 ? 0 : 300);
  const std::string word = add_strike(provoked, prng);
  Gadget gadget;
  gadget.rules = {kept, led, timer("c", "b", percent(50, prng) ? 50 : drawn_gap(prng)), provoked};
  gadget.words = {word, "hold", "at " + std::string(wire::name(talk.type)), "across"};
  return gadget;
}

Gadget GadgetMaker::strike_by_time(base::Prng& prng) const {
  plan::Rule rule;
  rule.name = "a";
  rule.when.wait = drawn_length(prng);
  const std::string word = add_strike(rule, prng);
  Gadget gadget;
  gadget.rules = {rule};
  gadget.words = {word, "by-time"};
  return gadget;
}

Gadget GadgetMaker::fresh(base::Prng& prng) const {
  CHECK(!palette_.talks().empty());
  const std::vector<std::uint64_t> weights = {
      3 * merits_.weight("deed"), 3 * merits_.weight("strike"), 3 * merits_.weight("across"),
      merits_.weight("by-time")};
  switch (weighted(weights, prng)) {
    case 0:
      return deed(prng);
    case 1:
      return strike_at_message(prng);
    case 2:
      return hold_across_leaders(prng);
    default:
      return strike_by_time(prng);
  }
}

void GadgetMaker::vary(Gadget& gadget, base::Prng& prng) const {
  CHECK(!gadget.rules.empty());
  plan::Rule& rule = gadget.rules[prng.between(0, gadget.rules.size() - 1)];
  std::vector<plan::Action*> lasting;
  for (plan::Action& each : rule.actions) {
    if (each.length > 0) lasting.push_back(&each);
  }
  if (!lasting.empty() && percent(50, prng)) {
    one_of(lasting, prng)->length = drawn_length(prng);
  } else if (rule.when.types.empty()) {
    rule.when.wait = drawn_gap(prng);
  } else {
    rule.when.nth = drawn_nth(std::max<std::uint64_t>(16, std::uint64_t{rule.when.nth} * 4), prng);
  }
}

}  // namespace check::search
