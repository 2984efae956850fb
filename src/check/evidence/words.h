// SPDX-License-Identifier: Apache-2.0
// Numbers as findings say them.
#pragma once

#include <string>

#include "base/ordinal.h"
#include "check/evidence/finding_log.h"

namespace check::evidence {

template <class Line>
std::string number(base::Ordinal<Line> position) {
  return std::to_string(position.value());
}

// " (message 12)"
inline std::string cite(MessageId id) { return " (message " + number(id) + ')'; }

}  // namespace check::evidence
