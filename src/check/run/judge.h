// SPDX-License-Identifier: Apache-2.0
// From what a run saved to an opinion about it: the same files give the same findings, now or in a
// year.
//
//   linear      the clients' history is linearizable
//   liveness    after the faults: nodes, a leader, every client, every read came back in time
//   divergence  all nodes read the same at the end
//   faults      every planned fault fired, was observed, and ended
//   workload    enough operations were done, by every client
//   traffic     no byte between nodes passed the monitor by
//
// The first three convict (invalid); the others only say whether the run is evidence at all
// (valid or unknown).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/faults/fault_record.h"
#include "check/history/operation.h"
#include "check/model/model.h"
#include "check/monitor/picture.h"
#include "check/run/run_directory.h"
#include "check/run/run_facts.h"
#include "check/verdict/finding.h"

namespace check::run {

// Acknowledged, for a run to be believed.
constexpr std::uint64_t kLeastOperations = 100;

// Everything a verdict is formed from.
struct Evidence {
  RunFacts facts;
  std::vector<history::Operation> operations;
  std::size_t events = 0;  // Of the history: its lines.
  std::vector<faults::FaultRecord> faults;
  std::optional<monitor::Picture> audit;
  std::string links;  // What the monitor counted, as a table; not part of any verdict.
};

// What its clients' answers are judged by.
const model::Model* model_of(const RunFacts& facts);

base::Result<Evidence> load_evidence(const RunDirectory& directory);

// `keep_going` is asked often while judging takes long; false ends it with an unknown verdict.
std::vector<verdict::Finding> judge(const Evidence& evidence,
                                    const std::function<bool()>& keep_going);

verdict::Finding judge_liveness(const Evidence& evidence);
verdict::Finding judge_divergence(const Evidence& evidence);
verdict::Finding judge_faults(const Evidence& evidence);
verdict::Finding judge_workload(const Evidence& evidence);
verdict::Finding judge_traffic(const Evidence& evidence);

}  // namespace check::run
