// SPDX-License-Identifier: Apache-2.0
// verdict.json: every opinion about a run, one a line, the heaviest of them in front.
//
//   {"verdict":"invalid","checkers":[
//   {"name":"linear","verdict":"invalid","sentence":"key x: ...","evidence":[790,812]},
//   {"name":"liveness","verdict":"valid","sentence":"...","evidence":[]}
//   ]}
#pragma once

#include <span>
#include <string>

#include "check/verdict/finding.h"

namespace check::verdict {

// The whole file. The same findings give the same bytes; `known` is there where a finding has one.
std::string verdict_json(std::span<const Finding> findings);

}  // namespace check::verdict
