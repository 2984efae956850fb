// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "check/cluster/target.h"
#include "check/model/model.h"
#include "check/plan/fault.h"
#include "check/plan/rule.h"
#include "check/plan/work.h"
#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/run/plan_files.h"
#include "check/wire/decoder.h"
#include "check/wire/protocol.h"
#include "cli/output.h"

namespace check::run {

namespace {

void row(std::string_view name, std::string_view meaning) {
  cli::print("{:<23} {}\n", name, meaning);
}

int list_plans() {
  const auto plans = shipped_plans();
  if (!plans.ok()) {
    complain(plans.error().message);
    return kExitUsage;
  }
  for (const ShippedPlan& plan : plans.value()) row(plan.path, plan.about);
  return kExitValid;
}

int list_targets() {
  for (const cluster::TargetInfo& target : cluster::targets()) {
    row(target.name, target.missing.empty() ? target.description
                                            : fmt::format("{} (not usable here: {})",
                                                          target.description, target.missing));
    for (const cluster::Knob& knob : target.knobs) {
      if (knob.name.empty()) continue;
      row(fmt::format("  --set {}=", knob.name),
          fmt::format("{} (default: {})", knob.meaning, knob.standard));
    }
  }
  return kExitValid;
}

// A fault is written "kind target": both lists, and which go together.
int list_faults() {
  for (const plan::FaultWord& fault : plan::fault_words()) row(fault.word, fault.meaning);
  cli::print("\nwritten \"[quiet] FAULT WHOM\", where WHOM is one of\n\n");
  for (const plan::TargetWord& target : plan::target_words()) {
    const bool nodes = plan::fits(plan::FaultKind::Kill, target.target);
    row(target.word, fmt::format("{}{}", target.meaning, nodes ? "" : " (of a network only)"));
  }
  cli::print("\nrules do one of these to a message, a node, the network or the clients\n\n");
  for (const plan::ActionWord& action : plan::action_words()) {
    row(fmt::format("{}{}{}", action.word, action.arguments.empty() ? "" : " ", action.arguments),
        action.meaning);
  }
  cli::print("\nquiet: clients come to rest before it strikes, and begin again with reads\n");
  return kExitValid;
}

int list_models() {
  for (const model::Model& model : model::models()) row(model.name, model.summary);
  return kExitValid;
}

int list_workloads() {
  for (const plan::WorkWord& word : plan::work_words()) {
    row(word.word, fmt::format("{} (model {})", word.meaning, word.model));
  }
  return kExitValid;
}

int list_protocols() {
  for (const wire::Protocol protocol : wire::kProtocols) {
    if (wire::make_decoder(protocol)) row(name(protocol), description(protocol));
  }
  return kExitValid;
}

}  // namespace

int list_command(const std::string& what) {
  if (what == "targets") return list_targets();
  if (what == "plans") return list_plans();
  if (what == "faults") return list_faults();
  if (what == "protocols") return list_protocols();
  if (what == "workloads") return list_workloads();
  return list_models();
}

}  // namespace check::run
