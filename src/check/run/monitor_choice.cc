// SPDX-License-Identifier: Apache-2.0
#include "check/run/monitor_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "check/wire/decoder.h"

namespace check::run {

base::Status check_monitor_name(const std::string& name) {
  static const std::vector<std::string> known = {"full", "packet", "observe"};
  if (name.empty() || std::ranges::find(known, name) != known.end()) return base::Done{};
  return base::Error{base::ErrorCode::InvalidArgument, base::unknown_word("monitor", name, known)};
}

base::Result<MonitorChoice> choose_monitor(const std::string& asked,
                                           const cluster::RaftClusterConfig& target) {
  if (asked == "packet") return MonitorChoice{"packet", std::nullopt, "as asked for"};
  const auto protocol = wire::protocol(target.protocol());
  if (protocol && wire::make_decoder(*protocol) != nullptr) {
    return MonitorChoice{asked == "observe" ? asked : "full", protocol,
                         fmt::format("messages of {} are understood", target.protocol())};
  }
  const std::string why =
      target.protocol().empty()
          ? fmt::format("it is not known what the nodes of {} speak", target.name())
          : fmt::format("messages of {} are not understood yet", target.protocol());
  if (asked.empty()) return MonitorChoice{"packet", std::nullopt, why};
  return base::Error{base::ErrorCode::InvalidArgument, fmt::format("--monitor {}: {}", asked, why)};
}

base::Status check_plan(const MonitorChoice& choice, const plan::Plan& plan) {
  const bool others = !plan.protocols.empty() && choice.protocol &&
                      std::ranges::find(plan.protocols, *choice.protocol) == plan.protocols.end();
  if (others) {
    std::vector<std::string_view> names;
    for (const wire::Protocol protocol : plan.protocols) names.push_back(wire::name(protocol));
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("plan '{}' is for nodes that speak {}, not {}", plan.name,
                                   fmt::join(names, " or "), wire::name(*choice.protocol))};
  }
  if (choice.name != "observe") return base::Done{};
  const auto refused = [&plan](const std::string& what) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("plan '{}' has {}, but the monitor 'observe' only looks on: "
                                   "nothing passes through it",
                                   plan.name, what)};
  };
  if (!plan.rules.empty()) return refused("rules about messages");
  for (const plan::Lane& lane : plan.lanes) {
    std::vector<plan::Fault> faults = lane.faults;
    for (const plan::Step& step : lane.steps) faults.push_back(step.fault);
    for (const plan::Fault& fault : faults) {
      if (fault.kind == plan::FaultKind::Hold || fault.kind == plan::FaultKind::Delay) {
        return refused(fmt::format("\"{}\"", plan::describe(fault)));
      }
    }
  }
  return base::Done{};
}

}  // namespace check::run
