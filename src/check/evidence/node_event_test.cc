// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/node_event.h"

#include <gtest/gtest.h>

#include "golden/golden.h"

namespace check::evidence {
namespace {

TEST(NodeEvent, IsWrittenAsItWasReadOrTheErrorNamesWhatIsWrong) {
  golden::run_blocks(TESTDATA "/node_events.txt", [](const golden::Block& block) {
    const auto event = parse_node_event(block.front());
    if (!event.ok()) return event.error().message;
    std::string line;
    append_line(line, event.value());
    line.pop_back();
    return line == block.front() ? "the same" : line;
  });
}

}  // namespace
}  // namespace check::evidence
