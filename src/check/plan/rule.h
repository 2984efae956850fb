// SPDX-License-Identifier: Apache-2.0
// A rule: which message between nodes (or which moment) -> what is done. docs/rules.md is its page.
//
//   [[rule]]
//   name = "reply-lost-and-dead"
//   when = { type = "AppendReply", from = "follower", to = "leader", index = ">=57", nth = 1 }
//   do = ["drop", "kill from"]
//   require = true
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/plan/document.h"
#include "check/plan/fault.h"
#include "check/wire/encoder.h"
#include "check/wire/message.h"

namespace check::plan {

// One node, or all: "any", "leader", "candidate", "follower" (of a message: any that follows; of an
// action: the first one after the leader), "follower2", "n3", "from", "to", "RULE.from", "RULE.to".
struct Who {
  enum class Kind : std::uint8_t { Any, Leader, Follower, Candidate, Node, From, To };
  Kind kind = Kind::Any;
  std::uint32_t number = 0;  // Node: which; Follower of an action: the number-th after the leader.
  std::string rule = {};     // From, To: of that rule's last message; empty: of this one's.
  friend bool operator==(const Who&, const Who&) = default;
};

// ">=57", "=append.index", "<held.term", ">lag.index+6000".
struct Relation {
  enum class Sign : std::uint8_t { Less, AtMost, Equal, Unequal, AtLeast, Greater };
  Sign sign = Sign::Equal;
  std::uint64_t value = 0;
  std::string rule = {};   // Not empty: the number is this rule's field, and `value` more.
  std::string field = {};  // "index", "term", "context".
  friend bool operator==(const Relation&, const Relation&) = default;
};

struct When {
  std::vector<wire::MessageType> types = {};  // None: no message; the rule fires by time.
  Who from = {};
  Who to = {};
  std::optional<Relation> index = {};  // Of any index the message is about: message_range().
  std::optional<Relation> term = {};
  std::optional<Relation> commit = {};
  std::optional<Relation> entries = {};      // How many it carries.
  std::optional<wire::EntryKind> kind = {};  // Of one of them at least.
  std::optional<Relation> context = {};
  std::optional<bool> success = {};
  std::uint32_t nth = 1;                // Of the messages that match while armed.
  std::uint32_t times = 1;              // It fires so often; 0: always.
  std::vector<std::string> after = {};  // Armed when all of these have fired.
  std::string until = {};               // Disarmed when this one has.
  std::uint32_t wait = 0;  // Armed so many thousandths of an election timeout after that.
};

enum class ActionKind : std::uint8_t {
  // What becomes of the message; at most one of a rule.
  Drop,
  Delay,
  Duplicate,
  Reorder,
  Corrupt,
  Alter,
  Refuse,
  Hold,
  Close,
  Reset,
  // To nodes.
  Kill,
  Pause,
  Resume,
  Start,
  PowerCut,
  TornWrite,
  KillAtSync,
  KillAfterSync,
  SyncError,
  DiskFull,
  DiskError,
  SlowDisk,
  ClockJump,
  ClockDrift,
  // To who belongs to the cluster, and who leads it.
  Transfer,
  Remove,
  Add,
  // To the network.
  Cut,
  CutOneWay,
  Isolate,
  Deafen,
  Mute,
  Heal,
  // To the clients, and to the rule itself.
  Rest,
  GoOn,
  Wait
};

struct Action {
  ActionKind kind = ActionKind::Drop;
  Who who = {};
  Who other = {};            // Cut, CutOneWay.
  std::uint32_t length = 0;  // Delay, Hold, Wait, SlowDisk: thousandths of an election timeout.
  std::string until = {};    // Hold: goes on when this rule has fired.
  std::string field = {};    // Alter.
  // Alter: new value, or what is added. ClockJump: thousandths of an election timeout; ClockDrift:
  // thousandths that it gains.
  std::int64_t value = 0;
  bool relative = false;
  bool after_delivery = false;  // Not before the message was handed on.
  friend bool operator==(const Action&, const Action&) = default;
};

struct Rule {
  std::string name = {};
  When when = {};
  std::vector<Action> actions = {};  // None: it only watches.
  bool require = false;              // The run counts only if it fired.
  bool again = false;                // Once it has fired, all rules begin anew.
  Position at = {};
};

struct ActionWord {
  ActionKind kind;
  std::string_view word;
  std::string_view arguments;  // "WHO", "WHO WHO", "LENGTH", ...
  std::string_view meaning;
};
std::vector<ActionWord> action_words();

constexpr bool strikes_message(ActionKind kind) { return kind <= ActionKind::Reset; }
constexpr bool changes_members(ActionKind kind) {
  return kind == ActionKind::Remove || kind == ActionKind::Add;
}
// What the deed means to an encoder; none for Close, Reset, and what does not strike messages.
std::optional<wire::Deed> deed_of(ActionKind kind);

// The fault of a lane that is called by the same word.
std::optional<FaultKind> fault_of(ActionKind kind);

// [[rule]]s of a document. Every word, and every name of a rule, is checked.
base::Result<std::vector<Rule>> read_rules(const Document& document, const Value& value);
std::string write_rule(const Rule& rule);  // As read_rules() takes it.

base::Result<Action> parse_action(const std::string& text);
std::string describe(const Action& action);

}  // namespace check::plan
