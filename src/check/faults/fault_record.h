// SPDX-License-Identifier: Apache-2.0
// One line of faults.jsonl: what a fault did, and what was seen of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "check/history/node_id.h"
#include "check/history/operation.h"

namespace check::faults {

// Armed: chosen, about to strike. Fired: its effect was observed. Healed: the end of its effect was
// observed. Failed: one of them could not be observed, or the means failed.
enum class FaultState : std::uint8_t { Armed, Fired, Healed, Failed };

constexpr std::string_view name(FaultState state) {
  switch (state) {
    case FaultState::Armed:
      return "armed";
    case FaultState::Fired:
      return "fired";
    case FaultState::Healed:
      return "healed";
    case FaultState::Failed:
      return "failed";
  }
  return "failed";
}

struct FaultRecord {
  history::Moment time;
  std::uint64_t id = 0;  // The same for all records of one fault.
  std::string fault;     // "partition leader"
  std::set<history::NodeId> nodes;
  std::set<history::DirectedPair> pairs;
  // Which step of the plan it is, both from 1; 0: a rule's.
  std::uint32_t lane = 0;
  std::uint32_t step = 0;
  std::optional<history::NodeId> leader;  // Who was known to lead when a step struck.
  FaultState state = FaultState::Armed;
  std::string observed;  // "20 of 20 probes over cut pairs failed"
};

// Called from the threads of the lanes, one at a time for each lane.
using RecordSink = std::function<void(const FaultRecord&)>;

}  // namespace check::faults
