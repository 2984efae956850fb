// SPDX-License-Identifier: Apache-2.0
#include "check/run/strikes.h"

#include <fmt/format.h>

#include "check/faultfs/faulty_disk.h"

namespace check::run {

base::Result<std::unique_ptr<Strikes>> Strikes::prepare(const plan::Plan& plan,
                                                        const World& world) {
  auto strikes = std::make_unique<Strikes>();
  const auto needs = [&plan](OfKind of_kind) {
    return has_steps(plan, of_kind) || has_actions(plan, of_kind);
  };
  if (needs(plan::strikes_disk)) {
    TRY([[maybe_unused]] auto disks, strikes->prepare_disks(world));
  }
  if (needs(plan::strikes_sync)) strikes->prepare_syncs(world);
  if (needs(plan::strikes_clock)) {
    TRY([[maybe_unused]] auto clocks, strikes->prepare_clocks(world));
  }
  strikes->prepare_members(world);
  return strikes;
}

base::Status Strikes::prepare_disks(const World& world) {
  const base::Status possible = faultfs::probe(world.sandbox);
  if (!possible.ok()) {
    impossible_.push_back({"disks", plan::strikes_disk, possible.error().message});
    return base::Done{};
  }
  TRY(disks_, faults::DiskFaults::prepare(
                  {world.sandbox, world.hosts, world.config, world.network,
                   [&hosts = world.hosts](history::NodeId node) { hosts.excuse(node); },
                   [&log = world.log](history::NodeId node) {
                     log.note(node, evidence::NodeEventKind::PowerCut);
                   }}));
  return base::Done{};
}

void Strikes::prepare_syncs(const World& world) {
  const base::Status possible = trap::probe();
  if (!possible.ok()) {
    impossible_.push_back({"syncs", plan::strikes_sync, possible.error().message});
    return;
  }
  supervisor_ = std::make_unique<trap::Supervisor>(
      trap::kSyncs, [&hosts = world.hosts](history::NodeId node) { return hosts.directory(node); },
      [&config = world.config](history::NodeId node) { return config.kill(node); });
  world.hosts.trap(*supervisor_);
  syncs_ = std::make_unique<faults::SyncFaults>(
      *supervisor_, world.hosts, world.config,
      [&hosts = world.hosts](history::NodeId node) { hosts.excuse(node); });
}

base::Status Strikes::prepare_clocks(const World& world) {
  const base::Status possible = clock::probe();
  if (!possible.ok()) {
    impossible_.push_back({"clocks", plan::strikes_clock, possible.error().message});
    return base::Done{};
  }
  nodes_ = world.hosts.nodes();
  TRY(clocks_, clock::Clocks::make(nodes_));
  world.hosts.set_clocks(*clocks_);
  clock_faults_ = std::make_unique<faults::ClockFaults>(*clocks_, world.hosts);
  return base::Done{};
}

std::string Strikes::impossible_actions(const plan::Plan& plan) const {
  std::string impossible;
  for (const Impossible& one : impossible_) {
    if (!has_actions(plan, one.of_kind)) continue;
    impossible +=
        fmt::format("{}faults of {}: {}", impossible.empty() ? "" : "; ", one.what, one.reason);
  }
  return impossible;
}

void Strikes::prepare_members(const World& world) {
  const cluster::Capabilities can = world.config.capabilities();
  if (!can.membership) {
    impossible_.push_back({"members", plan::changes_members, "the target cannot change them"});
  }
  if (!can.transfer) {
    impossible_.push_back({"leadership", plan::transfers, "the target cannot hand it over"});
  }
  if (world.config.membership() == nullptr) return;
  members_ = std::make_unique<faults::MemberFaults>(faults::MemberFaults::World{
      world.sandbox, world.hosts, world.config,
      [&hosts = world.hosts](history::NodeId node) { hosts.excuse(node); }, world.stop});
}

void Strikes::look_at_clocks() {
  for (std::uint32_t k = 1; clocks_ != nullptr && k <= nodes_; ++k) {
    const base::Status seen = clocks_->confirm({k});
    if (seen.ok()) continue;
    impossible_.push_back({"clocks", plan::strikes_clock,
                           fmt::format("n{}'s clock cannot be set: {}", k, seen.error().message)});
    return;
  }
}

std::string Strikes::leave_out_impossible(plan::Plan& plan) const {
  std::string left_out;
  for (const Impossible& one : impossible_) {
    if (!has_steps(plan, one.of_kind)) continue;
    left_out += fmt::format("{}{} faults of {}: {}", left_out.empty() ? "" : "; ",
                            leave_out_steps(plan, one.of_kind), one.what, one.reason);
  }
  return left_out;
}

}  // namespace check::run
