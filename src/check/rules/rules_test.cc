// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>

#include "check/plan/rule_words.h"
#include "check/rules/engine.h"
#include "golden/golden.h"

namespace check::rules {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kElectionTimeout = 1000 * kMillisecond;

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

void read_whom(plan::When& when, const std::string& key, const std::string& value) {
  if (key == "type") when.types.push_back(wire::message_type(value).value());
  if (key == "from") when.from = plan::parse_who(value, false).value();
  if (key == "to") when.to = plan::parse_who(value, false).value();
  if (key == "index") when.index = plan::parse_relation(value).value();
  if (key == "term") when.term = plan::parse_relation(value).value();
  if (key == "success") when.success = value == "true";
}

void read_when(plan::When& when, const std::string& key, const std::string& value) {
  if (key == "nth") when.nth = static_cast<std::uint32_t>(std::stoul(value));
  if (key == "times") when.times = static_cast<std::uint32_t>(std::stoul(value));
  if (key == "after") when.after = split(value, ',');
  if (key == "until") when.until = value;
  if (key == "wait") when.wait = static_cast<std::uint32_t>(std::stoul(value));
}

// "rule NAME key=value ... | action | action"
plan::Rule rule_of(const std::string& line) {
  const auto parts = split(line, '|');
  std::istringstream words(parts.front());
  plan::Rule rule;
  std::string word;
  words >> word >> rule.name;
  while (words >> word) {
    const std::string key = word.substr(0, word.find('='));
    const std::string value = word.substr(word.find('=') + 1);
    read_whom(rule.when, key, value);
    read_when(rule.when, key, value);
    if (key == "again") rule.again = value == "true";
  }
  for (std::size_t k = 1; k < parts.size(); ++k) {
    rule.actions.push_back(plan::parse_action(trimmed(parts[k])).value());
  }
  return rule;
}

// "message ID TIME_MS FROM>TO TYPE key=value ..."
wire::Observation message_of(const std::string& line) {
  std::istringstream words(line);
  wire::Observation seen;
  std::string word;
  std::string type;
  char arrow = 0;
  words >> word >> seen.id >> seen.time_ns >> seen.from.value >> arrow >> seen.to.value >> type;
  seen.time_ns *= kMillisecond;
  seen.message.type = wire::message_type(type).value();
  while (words >> word) {
    const std::string key = word.substr(0, word.find('='));
    const std::string value = word.substr(word.find('=') + 1);
    if (key == "success") {
      seen.message.success = value == "true";
      continue;
    }
    const std::uint64_t number = std::stoull(value);
    if (key == "term") seen.message.term = wire::Term(number);
    if (key == "match") seen.message.match = wire::Index(number);
    if (key == "entry") seen.message.entries.emplace_back().index = wire::Index(number);
    if (key == "last") seen.message.last_index = wire::Index(number);
  }
  return seen;
}

std::string text(const Outcome& outcome, const std::vector<plan::Rule>& rules) {
  std::ostringstream out;
  if (outcome.deed != nullptr) out << describe(*outcome.deed) << "; ";
  if (outcome.stall) out << "stall; ";
  if (outcome.ticket != 0) out << "ticket " << outcome.ticket << "; ";
  for (const Firing& firing : outcome.fired) {
    out << "firing " << firing.number << " of " << rules[firing.rule].name;
    for (const Step& step : firing.steps) {
      out << ", " << describe(step.action);
      if (step.pairs.empty()) {
        for (const auto node : step.nodes) out << ' ' << node;
      }
      for (const auto& pair : step.pairs) out << ' ' << pair.from << '>' << pair.to;
    }
    out << "; ";
  }
  for (const std::uint64_t ticket : outcome.settled) out << "settle " << ticket << "; ";
  std::string result = out.str();
  return result.empty() ? "-" : result.substr(0, result.size() - 2);
}

std::string play(const golden::Block& block) {
  std::vector<plan::Rule> rules;
  for (const std::string& line : block) {
    if (line.starts_with("rule")) rules.push_back(rule_of(line));
  }
  Engine engine(rules, 3);
  engine.start(0, kElectionTimeout);
  std::string result;
  for (const std::string& line : block) {
    std::istringstream words(line);
    std::string word;
    std::uint64_t number = 0;
    words >> word >> number;
    Outcome outcome;
    if (word == "rule") continue;
    if (word == "message") outcome = engine.seen(message_of(line));
    if (word == "at") outcome = engine.at(number * kMillisecond);
    if (word == "struck") outcome = engine.struck(number);
    if (word == "stop") outcome = engine.stop();
    const auto due = engine.next_due_ns();
    result += (result.empty() ? "" : "\n") + word + ' ' + std::to_string(number) + ": " +
              text(outcome, rules) +
              (due ? "; due " + std::to_string(*due / kMillisecond) : std::string());
  }
  return result;
}

TEST(Engine, PlaysTheGoldenFile) { golden::run_blocks(TESTDATA "/rules.txt", play); }

}  // namespace
}  // namespace check::rules
