// SPDX-License-Identifier: Apache-2.0
// What a rule's deed makes of a message: the monitor's fate for it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "check/monitor/message_watcher.h"
#include "check/plan/rule.h"
#include "check/wire/encoder.h"
#include "check/wire/observation.h"

namespace check::faults {

// An error if the deed can be done to messages of this type, but not to this one as it came. The
// ticket of a hold is left to the caller. Requires: strikes_message(deed.kind).
base::Result<monitor::Fate> fate_by(const plan::Action& deed, std::uint64_t election_timeout_ms,
                                    const wire::Observation& observation, const wire::Frame& frame,
                                    wire::Protocol protocol);

}  // namespace check::faults
