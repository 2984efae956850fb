// SPDX-License-Identifier: Apache-2.0
#include "check/faults/rule_fate.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/check.h"
#include "check/plan/schedule.h"

namespace check::faults {

namespace {

using monitor::Fate;
using plan::ActionKind;

// Deeds for which the monitor needs no other frame.
constexpr std::array<std::pair<ActionKind, Fate::Kind>, 7> kFates = {{
    {ActionKind::Drop, Fate::Kind::Drop},
    {ActionKind::Delay, Fate::Kind::Delay},
    {ActionKind::Duplicate, Fate::Kind::Repeat},
    {ActionKind::Reorder, Fate::Kind::Swap},
    {ActionKind::Hold, Fate::Kind::Keep},
    {ActionKind::Close, Fate::Kind::Close},
    {ActionKind::Reset, Fate::Kind::Reset},
}};

// The frame with one byte changed, behind its middle: in what it says rather than in how long it
// is.
wire::Frame corrupted(wire::Frame frame) {
  if (!frame.bytes.empty()) {
    char& byte = frame.bytes[frame.bytes.size() - 1 - frame.bytes.size() / 4];
    byte = static_cast<char>(byte ^ 0x15);
  }
  return frame;
}

// The present value of the field, as altered() takes it.
std::uint64_t value_of(const wire::Message& message, const std::string& field) {
  const auto number = [](const auto& ordinal) { return ordinal ? ordinal->value() : 0; };
  if (field == "term") return number(message.term);
  if (field == "commit") return number(message.commit);
  if (field == "prev_index") return number(message.prev_index);
  if (field == "prev_term") return number(message.prev_term);
  if (field == "match") return number(message.match);
  if (field == "last_index") return number(message.last_index);
  if (field == "last_term") return number(message.last_term);
  return message.success == true ? 1 : 0;
}

base::Result<Fate> changed(const plan::Action& deed, const wire::Observation& observation,
                           const wire::Frame& frame, wire::Protocol protocol) {
  Fate fate;
  fate.kind = Fate::Kind::Replace;
  if (deed.kind == ActionKind::Corrupt) {
    fate.frame = corrupted(frame);
  } else if (deed.kind == ActionKind::Alter) {
    auto value = static_cast<std::uint64_t>(deed.value);
    if (deed.relative) value += value_of(observation.message, deed.field);  // Modulo 2^64.
    TRY(fate.frame, wire::altered(protocol, frame, deed.field, value));
  } else {
    CHECK(deed.kind == ActionKind::Refuse);
    fate.kind = Fate::Kind::Answer;
    TRY(fate.frame, wire::refusal(protocol, frame));
  }
  return fate;
}

}  // namespace

base::Result<Fate> fate_by(const plan::Action& deed, std::uint64_t election_timeout_ms,
                           const wire::Observation& observation, const wire::Frame& frame,
                           wire::Protocol protocol) {
  if (const auto asked = plan::deed_of(deed.kind)) {
    TRY([[maybe_unused]] const auto possible, wire::supports(protocol, *asked, frame));
  }
  const auto* const known =
      std::ranges::find(kFates, deed.kind, &std::pair<ActionKind, Fate::Kind>::first);
  if (known == kFates.end()) return changed(deed, observation, frame, protocol);
  Fate fate;
  fate.kind = known->second;
  fate.delay_ns = plan::milliseconds(deed.length, election_timeout_ms) * 1'000'000;
  return fate;
}

}  // namespace check::faults
