// SPDX-License-Identifier: Apache-2.0
// links.json of a run directory: what went over each link (docs/formats/links.md).
#pragma once

#include <map>
#include <string>

#include "check/monitor/raft_monitor.h"

namespace check::monitor {

std::string links_json(const std::map<DirectedPair, LinkCounters>& links, const Audit& audit);

}  // namespace check::monitor
