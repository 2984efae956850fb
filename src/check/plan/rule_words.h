// SPDX-License-Identifier: Apache-2.0
// How the parts of a rule are written; for rule.cc.
#pragma once

#include <string>

#include "base/result.h"
#include "check/plan/rule.h"

namespace check::plan {

// `in_action`: whom an action strikes; else whom a message is from or to.
base::Result<Who> parse_who(const std::string& word, bool in_action);
std::string describe(const Who& who, bool in_action);

base::Result<Relation> parse_relation(const std::string& text);
std::string describe(const Relation& relation);

}  // namespace check::plan
