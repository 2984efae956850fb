// SPDX-License-Identifier: Apache-2.0
#include "check/search/palette.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "check/plan/shape.h"
#include "check/search/draw.h"
#include "check/wire/encoder.h"

namespace check::search {

namespace {

using plan::ActionKind;
using wire::MessageType;

// Those that last long cost much of the search's time.
constexpr std::uint32_t kLengths[] = {300, 300, 300, 1000, 1000, 1000, 1000, 2000, 2000, 5000};
constexpr std::uint32_t kGaps[] = {100, 300, 500, 1000};

// What only an enemy does, no network: a system may break under it without being wrong. A refusal
// that its receiver never sent is one of these, too.
constexpr ActionKind kForging[] = {ActionKind::Corrupt, ActionKind::Alter, ActionKind::Refuse};

// What ends what another action began, or only waits.
constexpr ActionKind kEnds[] = {ActionKind::Start, ActionKind::Resume, ActionKind::Heal,
                                ActionKind::GoOn, ActionKind::Wait};

std::string end_of(ActionKind kind) {
  const auto fault = plan::fault_of(kind);
  if (fault && plan::strikes_sync(*fault)) return "start";
  static constexpr std::pair<ActionKind, std::string_view> kEndings[] = {
      {ActionKind::Kill, "start"},     {ActionKind::Pause, "resume"}, {ActionKind::Cut, "heal"},
      {ActionKind::CutOneWay, "heal"}, {ActionKind::Isolate, "heal"}, {ActionKind::Deafen, "heal"},
      {ActionKind::Mute, "heal"},      {ActionKind::Rest, "go-on"}};
  const auto* const found =
      std::ranges::find(kEndings, kind, &std::pair<ActionKind, std::string_view>::first);
  return found == std::end(kEndings) ? std::string() : std::string(found->second);
}

// Any that the word takes: "leader", "leader follower".
std::string example(std::string_view arguments) {
  std::string text;
  std::istringstream stream{std::string(arguments)};
  for (std::string next; stream >> next;) {
    const std::string who = text.empty() ? " leader" : " follower";
    text += next == "WHO" ? who : next == "LENGTH" ? " 1" : " " + next;
  }
  return text;
}

// Not every target can do it, and what it cannot do makes a plan worthless.
bool needs_means(plan::FaultKind kind) {
  return plan::changes_members(kind) || plan::transfers(kind);
}

// Something that a plan of a search begins, and ends later.
bool is_strike(ActionKind kind) {
  if (std::ranges::find(kEnds, kind) != std::end(kEnds)) return false;
  if (plan::strikes_message(kind) || plan::changes_members(kind)) return false;
  const auto fault = plan::fault_of(kind);
  return !fault || !(plan::strikes_disk(*fault) || needs_means(*fault));
}

}  // namespace

std::uint32_t drawn_length(base::Prng& prng) { return one_of(kLengths, prng); }
std::uint32_t drawn_gap(base::Prng& prng) { return one_of(kGaps, prng); }

Palette::Palette(std::uint32_t nodes, std::optional<wire::Protocol> protocol)
    : nodes_(nodes), protocol_(protocol) {
  for (const plan::FaultWord& word : plan::fault_words()) {
    // A disk that can fail stands below every node from its start, and makes all of it slower.
    if (plan::strikes_disk(word.kind)) continue;
    if (needs_means(word.kind)) continue;
    for (const plan::TargetWord& target : plan::target_words()) {
      const plan::Fault fault{.kind = word.kind, .target = target.target};
      // Without a majority nothing may be left to sync.
      const bool too_many =
          plan::strikes_sync(word.kind) &&
          (target.target == plan::Target::Majority || target.target == plan::Target::All);
      if (!too_many && plan::fits(fault.kind, fault.target) && plan::strikes(fault, nodes)) {
        faults_.push_back(fault);
      }
    }
  }
  for (const plan::ActionWord& word : plan::action_words()) {
    if (!is_strike(word.kind)) continue;
    const std::string text(word.word);
    if (!plan::parse_action(text + example(word.arguments)).ok()) continue;
    strikes_.push_back({text, std::string(word.arguments), end_of(word.kind)});
  }
}

void Palette::learn(const std::map<Talk, std::uint64_t>& talks) {
  if (!protocol_) return;
  for (const auto& [talk, count] : talks) {
    if (talk.type == MessageType::Other) continue;
    std::uint64_t& most = talks_[talk];
    most = std::max(most, count);
  }
}

std::vector<MessageType> Palette::leading() const {
  std::set<MessageType> types;
  for (const auto& [talk, count] : talks_) {
    const bool leads =
        talk.type == MessageType::AppendEntries || talk.type == MessageType::Heartbeat;
    if (leads) types.insert(talk.type);
  }
  return {types.begin(), types.end()};
}

std::vector<std::string> Palette::deeds(MessageType type) const {
  std::vector<std::string> words;
  for (const plan::ActionWord& word : plan::action_words()) {
    const bool forges = std::ranges::find(kForging, word.kind) != std::end(kForging);
    if (!protocol_ || forges || !plan::strikes_message(word.kind)) continue;
    const auto deed = plan::deed_of(word.kind);
    if (deed && !wire::supports(*protocol_, *deed, type).ok()) continue;
    words.emplace_back(word.word);
  }
  return words;
}

std::vector<history::NodeId> Palette::order(base::Prng& prng) const {
  std::vector<history::NodeId> order;
  order.reserve(nodes_);
  for (std::uint32_t k = 1; k <= nodes_; ++k) order.push_back({k});
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[prng.between(0, left - 1)]);
  }
  return order;
}

}  // namespace check::search
