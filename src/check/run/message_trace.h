// SPDX-License-Identifier: Apache-2.0
// What a run's messages.jsonl shows to a search.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "check/run/run_directory.h"
#include "check/search/trace.h"

namespace check::run {

// Empty if no messages were understood. A torn last line is left out.
base::Result<search::Trace> message_trace(const RunDirectory& directory, std::uint32_t nodes);

}  // namespace check::run
