// SPDX-License-Identifier: Apache-2.0
// A message as its sender's own words: it is known who says it, and in which of its lives.
#pragma once

#include <cstdint>
#include <optional>

#include "check/evidence/finding_log.h"
#include "check/evidence/members.h"
#include "check/wire/observation.h"

namespace check::evidence {

struct Statement {
  const wire::Message& message;
  MessageId id;
  std::uint64_t connection = 0;
  std::optional<MemberId> from;
  std::optional<MemberId> to;
  // How many starts of the sender's process lie before this connection was opened.
  std::uint32_t life = 0;
  // All that was sent to the sender's process since its start was seen.
  bool heard_all = false;
  bool unordered = false;  // It may have been said before what was seen before on its connection.
  bool dropped = false;    // The receiver did not get it.
  bool repeated = false;   // The receiver got it more than once.
};

}  // namespace check::evidence
