// SPDX-License-Identifier: Apache-2.0
// run.json: what a verdict needs beside the history and the faults. Written when the run begins,
// and again, complete, before judging; a run that was killed in between has `finished` false.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/cluster/knob.h"
#include "check/plan/plan.h"
#include "check/run/options.h"
#include "check/run/recovery.h"
#include "check/sandbox/sandbox.h"

namespace check::run {

// What was understood of what the nodes said to each other.
struct MessageFacts {
  std::string protocol;     // Empty: nothing was meant to be.
  std::uint64_t saved = 0;  // In messages.jsonl,
  std::uint64_t lost = 0;   // and missing there.
  std::vector<std::string> not_understood;
};

struct RunFacts {
  std::string program_version;
  std::string target;
  std::string target_version;
  cluster::Settings settings;  // Of the target, by the user or the plan.
  std::string plan;
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  std::uint32_t clients = 0;
  std::string workload = "register";
  std::uint32_t keys = 0;  // Those that are read back.
  std::uint32_t time_s = 0;
  bool accept_known = false;
  std::string monitor;
  std::string machine;
  std::string sandbox;  // Which way was chosen, and why.
  std::string started;  // UTC.
  std::string repeat;   // The command that runs the same again.

  std::optional<std::uint64_t> election_timeout_ms;
  std::uint64_t planned_faults = 0;
  std::string left_out;  // "3 faults of disks: REASON", of the plan; empty: nothing.
  plan::Require require;
  std::string interrupted;  // By what; empty: it was not.
  bool finished = false;
  std::vector<std::string> own_exits;  // Nodes that ended although no fault did that.
  Recovery recovery;
  std::optional<std::uint64_t> history_events;  // That were saved, once the run has finished.
  std::optional<std::uint64_t> fault_events;    // Likewise, in faults.jsonl,
  std::optional<std::uint64_t> node_events;     // and in nodes.jsonl, at least.
  MessageFacts messages;
};

std::string to_json(const RunFacts& facts);
// `file` is for messages.
base::Result<RunFacts> read_facts(const std::string& text, const std::string& file);

// "Linux 6.1.0, 2 CPUs, 24048 MB"
std::string describe_machine();

}  // namespace check::run
