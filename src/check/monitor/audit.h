// SPDX-License-Identifier: Apache-2.0
// Whether the monitor's counts, the packet filter's and the hosts' interfaces' tell one story
// (docs/monitor.md says what each comparison proves). All comparisons are exact.
#pragma once

#include <optional>
#include <string>

#include "check/monitor/picture.h"

namespace check::monitor {

// The first thing that does not fit, as a sentence; nothing if all fits.
std::optional<std::string> find_gap(const Picture& picture);
// "12 links: 3400 bytes in streams and 7 datagrams were relayed, ..."
std::string describe(const Picture& picture);

}  // namespace check::monitor
