// SPDX-License-Identifier: Apache-2.0
// The words for what a rule does, both ways.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "base/text.h"
#include "check/plan/rule.h"
#include "check/plan/rule_words.h"

namespace check::plan {
namespace {

// What stands behind an action's word.
enum class Shape : std::uint8_t {
  Bare,
  Length,
  LengthOrRule,
  Field,
  Node,
  NodeAndLength,
  NodeAndChange,
  TwoNodes
};

struct Known {
  ActionWord word;
  Shape shape;
  std::optional<wire::Deed> deed;
};

// In the order of ActionKind.
constexpr auto kActions = std::to_array<Known>({
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
    {{ActionKind::Refuse, "refuse", "",
      "it never arrives, and its sender is told that it was refused"},
     Shape::Bare,
     wire::Deed::Answer},
    {{ActionKind::Hold, "hold", "LENGTH | until RULE",
      "kept for LENGTH, or until the rule has fired"},
     Shape::LengthOrRule,
     wire::Deed::Delay},
    {{ActionKind::Close, "close", "",
      "it never arrives, and its connection is closed in good order"},
     Shape::Bare,
     {}},
    {{ActionKind::Reset, "reset", "", "it never arrives, and its connection is reset"},
     Shape::Bare,
     {}},
    {{ActionKind::Kill, "kill", "WHO", "SIGKILL every process of the node"}, Shape::Node, {}},
    {{ActionKind::Pause, "pause", "WHO", "SIGSTOP every process of the node"}, Shape::Node, {}},
    {{ActionKind::Resume, "resume", "WHO", "SIGCONT"}, Shape::Node, {}},
    {{ActionKind::Start, "start", "WHO", "start the node again, if it does not run"},
     Shape::Node,
     {}},
    {{ActionKind::PowerCut, "power-cut", "WHO",
      "cut the node off, kill it, and lose all writes that it did not sync, until start"},
     Shape::Node,
     {}},
    {{ActionKind::TornWrite, "torn-write", "WHO",
      "a power cut in which only the last write is lost, in part"},
     Shape::Node,
     {}},
    {{ActionKind::KillAtSync, "kill-at-sync", "WHO",
      "kill the node in its next sync, which is not done"},
     Shape::Node,
     {}},
    {{ActionKind::KillAfterSync, "kill-after-sync", "WHO",
      "kill the node when its next sync is done, before it learns of that"},
     Shape::Node,
     {}},
    {{ActionKind::SyncError, "sync-error", "WHO",
      "the node's next sync is not done and fails with EIO"},
     Shape::Node,
     {}},
    {{ActionKind::DiskFull, "disk-full", "WHO", "the node's writes fail with ENOSPC, until heal"},
     Shape::Node,
     {}},
    {{ActionKind::DiskError, "disk-error", "WHO",
      "the node's writes and syncs fail with EIO, until heal"},
     Shape::Node,
     {}},
    {{ActionKind::SlowDisk, "slow-disk", "WHO LENGTH",
      "each write and sync of the node takes LENGTH longer, until heal"},
     Shape::NodeAndLength,
     {}},
    {{ActionKind::ClockJump, "clock-jump", "WHO CHANGE",
      "the node's wall clock jumps by CHANGE, +LENGTH or -LENGTH, until heal"},
     Shape::NodeAndChange,
     {}},
    {{ActionKind::ClockDrift, "clock-drift", "WHO CHANGE",
      "the node's wall clock gains this part, as +0.5, or loses it, as -0.5, until heal"},
     Shape::NodeAndChange,
     {}},
    {{ActionKind::Transfer, "transfer", "WHO", "the leader is asked to hand over to the node"},
     Shape::Node,
     {}},
    {{ActionKind::Remove, "remove", "WHO", "the cluster is asked to go on without the node"},
     Shape::Node,
     {}},
    {{ActionKind::Add, "add", "WHO", "a removed node comes back as a new member, its disk empty"},
     Shape::Node,
     {}},
    {{ActionKind::Cut, "cut", "WHO WHO", "drop every packet between the two"}, Shape::TwoNodes, {}},
    {{ActionKind::CutOneWay, "cut-one-way", "WHO WHO",
      "drop every packet from the first to the second"},
     Shape::TwoNodes,
     {}},
    {{ActionKind::Isolate, "isolate", "WHO", "drop every packet from and to the node"},
     Shape::Node,
     {}},
    {{ActionKind::Deafen, "deafen", "WHO", "drop every packet to the node"}, Shape::Node, {}},
    {{ActionKind::Mute, "mute", "WHO", "drop every packet from the node"}, Shape::Node, {}},
    {{ActionKind::Heal, "heal", "",
      "every cut, trouble of a disk and wrong clock that rules have made ends"},
     Shape::Bare,
     {}},
    {{ActionKind::Rest, "rest", "", "clients finish what they asked, and ask no more"},
     Shape::Bare,
     {}},
    {{ActionKind::GoOn, "go-on", "", "clients ask again"}, Shape::Bare, {}},
    {{ActionKind::Wait, "wait", "LENGTH", "before the next action of this rule"},
     Shape::Length,
     {}},
});

std::string_view word_of(const Known& known) { return known.word.word; }

const Known& known_of(ActionKind kind) {
  return *std::ranges::find(kActions, kind, [](const Known& known) { return known.word.kind; });
}

constexpr std::array<std::string_view, 8> kFields = {
    "term", "commit", "prev_index", "prev_term", "success", "match", "last_index", "last_term"};

// Of numbers.
constexpr std::string_view kDigits = ", with up to three digits behind the point";

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

base::Result<Action> parse_hold(Action action, const std::vector<std::string>& words) {
  if (words.size() == 3 && words[1] == "until") {
    action.until = words[2];
    return action;
  }
  const auto length = words.size() == 2 ? thousandths(words[1]) : std::nullopt;
  if (!length) {
    return wrong("'hold' is written \"hold LENGTH\" or \"hold until RULE\"" + std::string(kDigits));
  }
  action.length = *length;
  return action;
}

base::Result<Action> parse_length(Action action, const std::vector<std::string>& words) {
  const auto length = words.size() == 2 ? thousandths(words[1]) : std::nullopt;
  if (!length) {
    return wrong("'" + words[0] + "' needs a length in election timeouts, such as \"" + words[0] +
                 " 0.5\"" + std::string(kDigits));
  }
  action.length = *length;
  return action;
}

base::Result<Action> parse_alter(Action action, const std::vector<std::string>& words) {
  if (words.size() != 3)
    return wrong("'alter' is written \"alter FIELD VALUE\", such as \"alter term +1\"");
  if (std::ranges::find(kFields, words[1]) == kFields.end()) {
    const auto fields = words_of(kFields, [](std::string_view field) { return field; });
    return wrong(base::unknown_word("field", words[1], fields));
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
    if (action.who == action.other && action.who.kind != Who::Kind::Any) {
      return wrong("'" + words[0] + ' ' + words[1] + ' ' + words[2] +
                   "' parts nobody: these are not two nodes");
    }
  }
  return action;
}

base::Result<Action> parse_node_and_length(Action action, const std::vector<std::string>& words) {
  const auto length = words.size() == 3 ? thousandths(words[2]) : std::nullopt;
  if (!length) {
    return wrong("'" + words[0] + "' needs a node and a length in election timeouts, such as \"" +
                 words[0] + " leader 0.1\"" + std::string(kDigits));
  }
  action.length = *length;
  TRY(action.who, parse_who(words[1], true));
  return action;
}

base::Result<Action> parse_node_and_change(Action action, const std::vector<std::string>& words) {
  const char sign = words.size() == 3 ? words[2].front() : ' ';
  const bool is_signed = sign == '+' || sign == '-';
  const auto change = is_signed ? thousandths(std::string_view(words[2]).substr(1)) : std::nullopt;
  if (!change) {
    return wrong("'" + words[0] + "' needs a node and a change with its sign, such as \"" +
                 words[0] + " leader +0.5\"" + std::string(kDigits));
  }
  if (action.kind == ActionKind::ClockDrift && *change > 1000) {
    return wrong("a clock can gain at most the whole, +1, and lose no more than that");
  }
  action.value = sign == '-' ? -std::int64_t{*change} : std::int64_t{*change};
  TRY(action.who, parse_who(words[1], true));
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

std::optional<FaultKind> fault_of(ActionKind kind) {
  const auto faults = fault_words();
  const auto same = std::ranges::find(faults, known_of(kind).word.word, &FaultWord::word);
  return same == faults.end() ? std::nullopt : std::optional(same->kind);
}

base::Result<Action> parse_action(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string next; stream >> next;) words.push_back(next);
  if (words.empty()) return wrong("an action is a word, such as \"drop\"");
  const auto* const known = std::ranges::find(kActions, std::string_view(words[0]), word_of);
  if (known == kActions.end()) {
    const std::string joined = words[0] + (words.size() > 1 ? "-" + words[1] : "");
    const bool apart = std::ranges::find(kActions, joined, word_of) != kActions.end();
    const std::string meant =
        base::did_you_mean(apart ? joined : words[0], words_of(kActions, word_of));
    return wrong("unknown action '" + words[0] + "'" +
                 (meant.empty() ? "; 'seaworthy list faults' shows all" : meant));
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
    case Shape::NodeAndLength:
      return parse_node_and_length(action, words);
    case Shape::NodeAndChange:
      return parse_node_and_change(action, words);
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
    case Shape::NodeAndLength:
      text += " " + describe(action.who, true) + " " + decimal(action.length);
      break;
    case Shape::NodeAndChange:
      text += " " + describe(action.who, true) + (action.value < 0 ? " -" : " +") +
              decimal(static_cast<std::uint32_t>(std::abs(action.value)));
      break;
    case Shape::Bare:
      break;
  }
  return text + (action.after_delivery ? " after delivery" : "");
}

}  // namespace check::plan
