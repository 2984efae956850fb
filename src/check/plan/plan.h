// SPDX-License-Identifier: Apache-2.0
// What a run does: the clients' work, and lanes of faults. A plan is text (TOML); this is its
// meaning. docs/plans.md is its page.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/plan/document.h"
#include "check/plan/fault.h"
#include "check/plan/rule.h"
#include "check/plan/work.h"
#include "check/wire/protocol.h"

namespace check::plan {

// Where a run has come to, in what its clients were told and what its nodes did: a moment that can
// be found again in another run, where times differ. Counted since the last fault, of any lane,
// began or ended.
struct Point {
  std::uint32_t turn = 0;          // Not before all with a smaller one; 0: in no order.
  std::uint64_t acknowledged = 0;  // Operations.
  std::uint64_t leaders = 0;       // New ones, each of a higher term than all before.
  friend bool operator==(const Point&, const Point&) = default;
};

// One fault of a schedule, with all that is drawn about it. Lengths are in thousandths of the
// election timeout, which is measured when the cluster is up.
struct Step {
  Fault fault = {};
  std::uint32_t gap = 1000;     // Quiet time of the lane before it, or after `at`.
  std::uint32_t length = 1000;  // From fired to healed, or from `until` to healed.
  std::vector<history::NodeId> order = {};
  std::optional<Point> at = {};     // Comes before the gap.
  std::optional<Point> until = {};  // Comes before the length.
  // Who led when the order was written down: whoever leads now takes its place in the order, and
  // the other way round. 0: the order is meant as it is.
  history::NodeId led = {};
};

// Faults one after the other. Lanes run side by side.
struct Lane {
  std::vector<Fault> faults = {};       // Dealt like cards: each once before any comes again.
  std::vector<std::uint32_t> gap = {};  // Thousandths of an election timeout; drawn from these.
  std::vector<std::uint32_t> length = {};
  bool written = false;          // `steps` are the plan's own, not drawn: none may be left out.
  std::vector<Step> steps = {};  // Instead of `faults`: exactly these, in this order.
};

// What must have happened for the run to count, beside what every run must show.
struct Require {
  std::uint32_t operations = 100;                   // That ended ok.
  std::map<std::string, std::uint32_t> fired = {};  // Fault word -> how often at least.
  bool every_node = false;                          // Every node was struck by some fault.
};

// What a plan may wish of its target, whatever it calls it there: [target] snapshot_entries = 100.
struct Wish {
  std::string_view name;
  bool is_flag = false;  // Else a number, at least 1.
  std::string_view meaning;
};
std::span<const Wish> wishes();

struct Plan {
  std::string name = {};
  std::string about = {};
  Work work = {};
  std::vector<wire::Protocol> protocols = {};      // For nodes that speak these only; empty: all.
  std::map<std::string, std::string> wishes = {};  // A wish's name -> "100", "true".
  std::vector<Lane> lanes = {};
  std::vector<Rule> rules = {};
  Require require = {};

  bool has_faults() const { return !lanes.empty() || !rules.empty(); }
};

// The error names file, line and column, what is wrong, and the nearest right word.
base::Result<Plan> read_plan(const Document& document);

// The plan as text that read_plan() takes again.
std::string write_plan(const Plan& plan);

}  // namespace check::plan
