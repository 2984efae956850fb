// SPDX-License-Identifier: Apache-2.0
// links.json: what went from each node to each other, as the monitor counted it.
#pragma once

#include <map>
#include <string>

#include "check/history/node_id.h"
#include "check/monitor/raft_monitor.h"

namespace check::run {

using Links = std::map<history::DirectedPair, monitor::LinkCounters>;

std::string links_json(const Links& links, const monitor::Audit& audit);

// A table of bytes for people: a row for each sender.
std::string links_table(const Links& links);

}  // namespace check::run
