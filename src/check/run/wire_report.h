// SPDX-License-Identifier: Apache-2.0
// What `seaworthy wire` says at the end about a capture.
#pragma once

#include <string>
#include <vector>

#include "check/evidence/health.h"
#include "check/observe/tally.h"
#include "check/run/capture_input.h"
#include "check/verdict/finding.h"
#include "check/wire/protocol.h"

namespace check::run {

struct WireReport {
  std::string path;
  wire::Protocol protocol = wire::Protocol::Raftkv;
  CaptureCounts counts;
  std::uint64_t connections = 0;
  std::vector<observe::KnownNode> nodes;
  const observe::Tally& tally;
  std::vector<evidence::Health> health;
  std::vector<verdict::Finding> findings;
  std::vector<std::string> notes;  // What was not judged, and why.
};

// Whether the capture is whole enough for "nothing was found" to mean something.
verdict::Finding judge_capture(const WireReport& report);

// For people.
std::string report_text(const WireReport& report);
// One JSON object on one line, with its line break.
std::string report_json(const WireReport& report);

}  // namespace check::run
