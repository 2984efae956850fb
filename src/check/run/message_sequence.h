// SPDX-License-Identifier: Apache-2.0
// A run's messages.jsonl and nodes.jsonl as one sequence in order of time, shown to the judge of
// messages; also while they are written.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "check/evidence/judge.h"
#include "check/run/line_tail.h"
#include "check/run/run_directory.h"

namespace check::run {

class MessageSequence {
 public:
  explicit MessageSequence(const RunDirectory& directory)
      : messages_(directory.file("messages.jsonl")), nodes_(directory.file("nodes.jsonl")) {}

  // Whether the files are whole, or grow: then what has no place in the order yet is waited for.
  enum class Files : std::uint8_t { Whole, Growing };

  // Shows the judge what comes next; false: there is nothing (by now). An error names file and
  // line.
  base::Result<bool> step(evidence::Judge& judge, Files files);

 private:
  LineTail messages_;
  LineTail nodes_;
  std::optional<wire::Observation> message_;
  std::optional<evidence::NodeEvent> event_;
  std::uint64_t next_id_ = 1;
};

}  // namespace check::run
