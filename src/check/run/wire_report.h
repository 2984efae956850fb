// SPDX-License-Identifier: Apache-2.0
// What `seaworthy wire` says at the end about a capture.
#pragma once

#include <string>
#include <vector>

#include "check/observe/tally.h"
#include "check/run/capture_input.h"
#include "check/wire/protocol.h"

namespace check::run {

struct WireReport {
  std::string path;
  wire::Protocol protocol = wire::Protocol::Raftkv;
  CaptureCounts counts;
  std::uint64_t connections = 0;
  std::vector<observe::KnownNode> nodes;
  const observe::Tally& tally;
};

// For people.
std::string report_text(const WireReport& report);
// One JSON object on one line, with its line break.
std::string report_json(const WireReport& report);

}  // namespace check::run
