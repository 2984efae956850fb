// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_trace.h"

#include <fstream>
#include <string>

namespace check::run {

base::Result<search::Trace> message_trace(const RunDirectory& directory, std::uint32_t nodes) {
  search::TraceMaker maker(nodes);
  std::ifstream file(directory.file("messages.jsonl"));
  for (std::string line; std::getline(file, line) && !file.eof();) {
    TRY(const wire::Observation seen, wire::parse_observation(line));
    maker.observe(seen);
  }
  return maker.trace();
}

}  // namespace check::run
