// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.h"

#include <array>

#include "sim/clients.h"
#include "sim/words.h"

namespace sim {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string survival_text(const Action& action) {
  return std::string(survival_name(action.survival)) +
         (action.survival == Survival::Random ? " " + number(action.seed) : "");
}

// "1,2,3"; "-": nobody.
std::string servers_text(std::uint64_t set) {
  std::string text;
  for (std::uint64_t id = 1; set != 0; ++id, set >>= 1U) {
    if ((set & 1U) != 0) text += (text.empty() ? "" : ",") + number(id);
  }
  return text.empty() ? "-" : text;
}

std::string question_text(const Question& question) {
  std::string text =
      "c" + number(question.client) + " " + std::string(function_name(question.function));
  if (question.function == Function::Open) return text;
  text += " " + key_name(question.key);
  if (question.function == Function::Read) return text;
  if (question.function == Function::Cas) {
    text += question.expected == 0 ? " -" : " " + number(question.expected);
  }
  return text + " " + number(question.value);
}

std::string details(const Action& action) {
  switch (action.kind) {
    case ActionKind::Tick:
      return (action.count > 1 ? " " + number(action.count) : "") +
             (action.missed > 0 ? " missed " + number(action.missed) : "");
    case ActionKind::Deliver:
      return " " + number(action.message.action) + "." + number(action.message.nth) +
             (action.keep ? " keep" : "") +
             (action.corrupt != 0 ? " corrupt " + number(action.corrupt) : "");
    case ActionKind::Ask:
      return " " + question_text(action.question);
    case ActionKind::Change:
      return " " + servers_text(action.voters) + " " + servers_text(action.learners);
    case ActionKind::Transfer:
      return " n" + number(action.peer.value);
    case ActionKind::GiveUp:
    case ActionKind::Retry:
      return " c" + number(action.question.client);
    case ActionKind::Crash:
      return " " + survival_text(action);
    case ActionKind::ArmDeath:
      return " " + number(action.count) + " " + survival_text(action);
    case ActionKind::ArmError:
    case ActionKind::ArmFull:
      return " " + number(action.count);
    case ActionKind::Flip:
    case ActionKind::Misdirect:
    case ActionKind::Spoil:
      return " " + number(action.seed);
    case ActionKind::Kill:
    case ActionKind::Start:
    case ActionKind::Snapshot:
    case ActionKind::Disarm:
      return "";
  }
  return "";
}

// One line, word by word; the first thing that is wrong stays.
class Line {
 public:
  Line(std::string_view text, std::size_t number) : text_(text), number_(number) {}

  bool ok() const { return error_.empty(); }
  base::Error error() const { return {base::ErrorCode::InvalidArgument, error_}; }

  std::string_view peek() {
    std::size_t begin = at_;
    while (begin < text_.size() && text_[begin] == ' ') ++begin;
    const std::size_t end = std::min(text_.find(' ', begin), text_.size());
    return text_.substr(begin, end - begin);
  }
  std::string_view word() {
    const std::string_view found = peek();
    begin_ = static_cast<std::size_t>(found.data() - text_.data());
    at_ = begin_ + found.size();
    return found;
  }
  bool take(std::string_view wanted) {
    if (peek() != wanted) return false;
    word();
    return true;
  }
  // `mark`, then digits: "n3".
  std::uint64_t count(std::string_view mark, std::uint64_t least, std::uint64_t most) {
    const std::string_view found = word();
    const std::string what = mark.empty() ? "a number" : std::string(mark) + "NUMBER";
    if (!found.starts_with(mark)) return wrong("expected " + what);
    return digits(found.substr(mark.size()), least, most);
  }
  std::uint64_t digits(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    if (text.empty() || text.size() > 20) return wrong("expected a number");
    for (const char digit : text) {
      if (digit < '0' || digit > '9') return wrong("expected a number");
      const auto plus = static_cast<std::uint64_t>(digit - '0');
      if (value > (UINT64_MAX - plus) / 10) return wrong("the number is too large");
      value = value * 10 + plus;
    }
    if (value < least || value > most) {
      return wrong("expected a number from " + number(least) + " to " + number(most));
    }
    return value;
  }
  std::uint64_t wrong(const std::string& what) {
    if (ok()) {
      const std::string at = number(number_) + ":" + number(begin_ + 1);
      error_ =
          at + ": " + what + ", found '" + std::string(text_.substr(begin_, at_ - begin_)) + "'";
    }
    return 0;
  }
  void expect_end() {
    if (!word().empty()) wrong("expected the end of the line");
  }

 private:
  std::string_view text_;
  std::size_t number_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // Of the last word.
  std::string error_;
};

constexpr std::uint64_t kAny = UINT64_MAX;
constexpr std::uint64_t kMostNumber = UINT32_MAX;
constexpr std::uint64_t kMostTicks = 1'000'000;
constexpr std::uint64_t kMostKeys = 999;

class Parser {
 public:
  base::Result<Scenario> parse(std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
      number += 1;
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      line = line.substr(0, std::min(line.find('#'), line.size()));
      Line words(line, number);
      if (words.peek().empty()) continue;
      if (words.take("rest")) {
        scenario_.rest = true;
        words.expect_end();
      } else if (words.peek().back() == ':') {
        take_field(words);
      } else {
        take_action(words);
      }
      if (!words.ok()) return words.error();
    }
    if (scenario_.setup.election_ticks_min <= scenario_.setup.heartbeat_ticks ||
        scenario_.setup.election_ticks_max < scenario_.setup.election_ticks_min) {
      return base::Error{
          base::ErrorCode::InvalidArgument,
          "1:1: heartbeat-ticks < election-ticks-min <= election-ticks-max must hold"};
    }
    return std::move(scenario_);
  }

 private:
  void take_field(Line& line) {
    std::string_view name = line.word();
    name.remove_suffix(1);
    if (name == "expect") {
      scenario_.expect = std::string(line.word());
      return line.expect_end();
    }
    for (const SetupField& field : setup_fields()) {
      if (field.name != name) continue;
      scenario_.setup.*field.member = line.count("", field.least, field.most);
      return line.expect_end();
    }
    line.wrong("expected the name of an option");
  }

  void take_action(Line& line) {
    Action action;
    const std::uint64_t last = scenario_.actions.empty() ? 0 : scenario_.actions.back().number;
    action.number = static_cast<std::uint32_t>(line.count("", last + 1, kMostNumber));
    if (!line.ok()) return;
    const std::string_view verb = line.word();
    const std::optional<ActionKind> kind = action_kind(verb);
    if (!kind) {
      line.wrong("expected what happens: tick, deliver, ask, crash, ...");
      return;
    }
    action.kind = *kind;
    action.node = {static_cast<std::uint32_t>(line.count("n", 1, servers()))};
    take_details(line, action);
    action.more = line.take("+");
    line.expect_end();
    scenario_.actions.push_back(action);
  }

  void take_details(Line& line, Action& action) {
    switch (action.kind) {
      case ActionKind::Tick:
        if (!line.peek().empty() && line.peek() != "+" && line.peek() != "missed") {
          action.count = line.count("", 1, kMostTicks);
        }
        if (line.take("missed")) action.missed = line.count("", 1, kMostTicks);
        break;
      case ActionKind::Change:
        action.voters = take_servers(line);
        action.learners = take_servers(line);
        break;
      case ActionKind::Transfer:
        action.peer = {static_cast<std::uint32_t>(line.count("n", 1, servers()))};
        break;
      case ActionKind::Deliver:
        take_message(line, action);
        break;
      case ActionKind::Ask:
        take_client(line, action);
        take_question(line, action.question);
        break;
      case ActionKind::GiveUp:
      case ActionKind::Retry:
        take_client(line, action);
        break;
      case ActionKind::ArmDeath:
        action.count = line.count("", 1, kMostTicks);
        take_survival(line, action);
        break;
      case ActionKind::Crash:
        take_survival(line, action);
        break;
      case ActionKind::ArmError:
      case ActionKind::ArmFull:
        action.count = line.count("", 1, kMostTicks);
        break;
      case ActionKind::Flip:
      case ActionKind::Misdirect:
      case ActionKind::Spoil:
        action.seed = line.count("", 1, kAny);
        break;
      case ActionKind::Kill:
      case ActionKind::Start:
      case ActionKind::Snapshot:
      case ActionKind::Disarm:
        break;
    }
  }

  std::uint64_t servers() const { return scenario_.setup.nodes + scenario_.setup.spares; }

  // "1,2,3" or "-".
  std::uint64_t take_servers(Line& line) const {
    std::string_view list = line.word();
    std::uint64_t set = 0;
    if (list == "-") return set;
    while (line.ok()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      set |= std::uint64_t{1} << (line.digits(list.substr(0, comma), 1, servers()) - 1);
      if (comma == list.size()) break;
      list.remove_prefix(comma + 1);
    }
    return set;
  }

  static void take_message(Line& line, Action& action) {
    const std::string_view name = line.word();
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) {
      line.wrong("expected the name of a message, such as 12.0");
      return;
    }
    action.message.action =
        static_cast<std::uint32_t>(line.digits(name.substr(0, dot), 1, kMostNumber));
    if (line.ok() && action.message.action >= action.number) {
      line.wrong("expected a message of an earlier action");
    }
    action.message.nth =
        static_cast<std::uint32_t>(line.digits(name.substr(dot + 1), 0, kMostNumber));
    action.keep = line.take("keep");
    if (line.take("corrupt")) action.corrupt = line.count("", 1, kAny);
  }

  void take_client(Line& line, Action& action) const {
    action.question.client =
        static_cast<std::uint32_t>(line.count("c", 1, scenario_.setup.clients));
  }

  static void take_question(Line& line, Question& question) {
    const std::optional<Function> function = function_of(line.word());
    if (!function) {
      line.wrong("expected read, write, cas, append or open");
      return;
    }
    question.function = *function;
    if (*function == Function::Open) return;
    const bool text = line.peek().starts_with("t");
    question.key = static_cast<std::uint32_t>(line.count(text ? "t" : "k", 0, kMostKeys));
    if (text) question.key += kFirstTextKey;
    const bool fits = text ? *function == Function::Read || *function == Function::Append
                           : *function != Function::Append;
    if (!fits) line.wrong("keys t0, t1, ... are read and appended to, keys k0, k1, ... the rest");
    if (*function == Function::Cas && !line.take("-")) question.expected = line.count("", 1, kAny);
    if (*function != Function::Read) question.value = line.count("", 1, kAny);
  }

  static void take_survival(Line& line, Action& action) {
    const std::optional<Survival> survival = survival_of(line.word());
    if (!survival) {
      line.wrong("expected what survives: none, all, some SEED");
      return;
    }
    action.survival = *survival;
    if (*survival == Survival::Random) action.seed = line.count("", 0, kAny);
  }

  Scenario scenario_;
};

}  // namespace

std::string describe(const Action& action) {
  return std::string(action_name(action.kind)) + " n" + number(action.node.value) +
         details(action) + (action.more ? " +" : "");
}

std::string describe(const Scenario& scenario) {
  std::string text;
  for (const SetupField& field : setup_fields()) {
    text += std::string(field.name) + ": " + number(scenario.setup.*field.member) + "\n";
  }
  if (!scenario.expect.empty()) text += "expect: " + scenario.expect + "\n";
  text += "\n";
  for (const Action& action : scenario.actions) {
    text += number(action.number) + " " + describe(action) + "\n";
  }
  if (scenario.rest) text += "rest\n";
  return text;
}

base::Result<Scenario> parse_scenario(std::string_view text) { return Parser().parse(text); }

}  // namespace sim
