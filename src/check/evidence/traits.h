// SPDX-License-Identifier: Apache-2.0
// What must hold of a protocol before a message proves anything: the premises of the checks, and,
// in one table, the protocols for which a premise does not hold, each with the reason.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "check/wire/protocol.h"

namespace check::evidence {

enum class Premise : std::uint8_t {
  // What a node sends on one connection, it formed in that order.
  SendsInOrder,
  // The same, for the appends of one term to one peer.
  AppendsInOrder,
  // The commit index in an append is the sender's own.
  AppendStatesCommit,
  // The same in a heartbeat.
  HeartbeatStatesCommit,
  // A granted vote repeats the term of the request it answers.
  GrantRepeatsTerm,
  // The reply to an append repeats the append's term, or is refused for a higher one.
  AckTellsTerm,
  // An append of the current term is refused only if the entry before it is not there.
  RefusalMeansMissing,
  // What was acknowledged is meant to survive the loss of power, too.
  AckSurvivesPowerCut,
  // Another name in a node's messages is another member, which begins anew.
  NameIsMember,
};

struct Exception {
  wire::Protocol protocol;
  Premise premise;
  std::string_view reason;  // One sentence, with its source.
};

std::span<const Exception> exceptions();

bool holds(Premise premise, wire::Protocol protocol);

std::string_view name(Premise premise);  // "sends-in-order"

}  // namespace check::evidence
