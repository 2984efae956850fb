// SPDX-License-Identifier: Apache-2.0
// What a run's messages.jsonl and nodes.jsonl say of Raft's guarantees (docs/evidence.md).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/run/run_directory.h"
#include "check/run/run_facts.h"
#include "check/verdict/finding.h"

namespace check::run {

struct MessageOpinion {
  std::vector<verdict::Finding> findings;  // Evidence: ids of messages.jsonl.
  std::vector<std::string> notes;          // What was not judged, and why.
  // The messages that findings name, as lines for people.
  std::map<std::uint64_t, std::string> listing;
};

// Nothing if no messages were understood. `keep_going` is asked often; false ends the judging, and
// what was not judged is unknown.
base::Result<MessageOpinion> judge_messages(const RunDirectory& directory, const RunFacts& facts,
                                            const std::function<bool()>& keep_going);

}  // namespace check::run
