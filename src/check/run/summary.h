// SPDX-License-Identifier: Apache-2.0
// summary.txt: what a tired person wants to know about a run.
#pragma once

#include <span>
#include <string>

#include "check/run/judge.h"
#include "check/run/message_judge.h"
#include "check/run/run_directory.h"
#include "check/verdict/finding.h"

namespace check::run {

// `findings`: all; those of `messages` are among them.
std::string summary(const RunDirectory& directory, const Evidence& evidence,
                    const MessageOpinion& messages, std::span<const verdict::Finding> findings);

}  // namespace check::run
