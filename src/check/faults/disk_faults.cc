// SPDX-License-Identifier: Apache-2.0
#include "check/faults/disk_faults.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "check/faults/giving_up.h"

namespace check::faults {

namespace {

using Clock = std::chrono::steady_clock;

NetworkFaults::Pairs cut_off(const std::set<history::NodeId>& nodes, std::uint32_t count) {
  NetworkFaults::Pairs pairs;
  for (const history::NodeId node : nodes) {
    for (std::uint32_t k = 1; k <= count; ++k) {
      const history::NodeId other{k};
      if (other == node) continue;
      pairs.insert({node, other});
      pairs.insert({other, node});
    }
  }
  return pairs;
}

std::string names(const std::set<history::NodeId>& nodes) {
  std::string text;
  for (const history::NodeId node : nodes) {
    text += fmt::format("{}n{}", text.empty() ? "" : ", ", node.value);
  }
  return text;
}

faultfs::Trouble trouble_of(plan::FaultKind kind, std::chrono::microseconds delay) {
  faultfs::Trouble trouble;
  trouble.full = kind == plan::FaultKind::DiskFull;
  trouble.broken = kind == plan::FaultKind::DiskError;
  if (kind == plan::FaultKind::SlowDisk) trouble.delay = delay;
  return trouble;
}

}  // namespace

base::Result<std::unique_ptr<DiskFaults>> DiskFaults::prepare(const Struck& struck) {
  std::unique_ptr<DiskFaults> faults(new DiskFaults(struck));
  for (std::uint32_t k = 1; k <= struck.hosts.nodes(); ++k) {
    const std::string directory = struck.hosts.directory({k});
    TRY(faults->disks_[{k}],
        faultfs::FaultyDisk::make(struck.sandbox, {k}, directory, directory + ".undo"));
  }
  return faults;
}

DiskFaults::~DiskFaults() = default;

base::Result<std::string> DiskFaults::begin(std::uint64_t id, plan::FaultKind kind,
                                            const Nodes& nodes, std::chrono::microseconds delay) {
  for (const history::NodeId node : nodes) {
    if (struck_.hosts.running(node)) continue;
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("n{} had ended before it was struck", node.value)};
  }
  if (kind == plan::FaultKind::PowerCut) return cut_power(id, faultfs::Cut::LoseUnsynced, nodes);
  if (kind == plan::FaultKind::TornWrite) return cut_power(id, faultfs::Cut::TearLast, nodes);
  return trouble(kind, nodes, delay);
}

base::Result<std::string> DiskFaults::end(std::uint64_t id, plan::FaultKind kind,
                                          const Nodes& nodes) {
  const bool power = kind == plan::FaultKind::PowerCut || kind == plan::FaultKind::TornWrite;
  return power ? power_up(id, nodes) : relieve(kind, nodes);
}

// The network first: what the kernels of dead programs say to their peers must not be heard.
base::Result<std::string> DiskFaults::cut_power(std::uint64_t id, faultfs::Cut cut,
                                                const Nodes& nodes) {
  const NetworkFaults::Pairs pairs = cut_off(nodes, struck_.hosts.nodes());
  TRY([[maybe_unused]] auto imposed, struck_.network.impose(id, pairs));
  {
    const std::lock_guard lock(mutex_);
    cut_off_.insert(id);
  }
  for (const history::NodeId node : nodes) {
    TRY([[maybe_unused]] auto killed, struck_.config.kill(node));
    if (struck_.hosts.running(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} still runs after SIGKILL", node.value)};
    }
  }
  faultfs::Loss lost;
  for (const history::NodeId node : nodes) {
    TRY(const faultfs::Loss loss, disks_.at(node)->cut_power(cut));
    lost.writes += loss.writes;
    lost.bytes += loss.bytes;
    lost.names += loss.names;
  }
  TRY(const std::string silence, struck_.network.confirm(id));
  return fmt::format("{} without power: {} writes ({} bytes) and {} changes of names lost; {}",
                     names(nodes), lost.writes, lost.bytes, lost.names, silence);
}

base::Result<std::string> DiskFaults::power_up(std::uint64_t id, const Nodes& nodes) {
  bool was_cut_off = false;
  {
    const std::lock_guard lock(mutex_);
    was_cut_off = cut_off_.erase(id) > 0;
  }
  const auto connected =
      was_cut_off ? struck_.network.end(id) : base::Result<std::string>("it never was cut off");
  for (const history::NodeId node : nodes) {
    if (struck_.hosts.running(node)) continue;  // It could not be struck.
    TRY([[maybe_unused]] auto started, struck_.config.start(node));
    if (!struck_.hosts.running(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} exited as soon as it was started", node.value)};
    }
  }
  TRY(const std::string seen, connected);
  return fmt::format("{} of {} nodes run again; {}", nodes.size(), nodes.size(), seen);
}

base::Result<std::string> DiskFaults::trouble(plan::FaultKind kind, const Nodes& nodes,
                                              std::chrono::microseconds delay) {
  const faultfs::Trouble trouble = trouble_of(kind, delay);
  for (const history::NodeId node : nodes) {
    if (kind != plan::FaultKind::SlowDisk) struck_.excuse(node);
    {
      const std::lock_guard lock(mutex_);
      before_[node] = disks_.at(node)->suffered();
    }
    disks_.at(node)->set(trouble);
  }
  for (const history::NodeId node : nodes) {
    TRY([[maybe_unused]] auto seen, observe(node, trouble));
  }
  if (kind == plan::FaultKind::SlowDisk) {
    return fmt::format("a sync on the disks of {} took {} us longer", names(nodes), delay.count());
  }
  return fmt::format("the disks of {} refuse with {}", names(nodes),
                     kind == plan::FaultKind::DiskFull ? "ENOSPC" : "EIO");
}

// By the node's own view of its disk.
base::Status DiskFaults::observe(history::NodeId node, const faultfs::Trouble& trouble) {
  const std::string directory = struck_.hosts.directory(node);
  const auto not_seen = [node](const std::string& what) {
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("the disk of n{} {}", node.value, what)};
  };
  return struck_.sandbox.in_files_of(node, [&]() -> base::Status {
    if (trouble.delay.count() > 0) {
      const sandbox::Fd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      const auto begin = Clock::now();
      if (::fsync(folder.get()) != 0) return not_seen("fails");
      if (Clock::now() - begin < trouble.delay) return not_seen("is as fast as before");
      return base::Done{};
    }
    const std::string made = directory + "/seaworthy-probe";
    const bool refused = ::mkdir(made.c_str(), 0700) != 0;
    const int error = errno;
    if (!refused) ::rmdir(made.c_str());
    if (refused && error == (trouble.full ? ENOSPC : EIO)) return base::Done{};
    return not_seen("does not refuse");
  });
}

base::Result<std::string> DiskFaults::relieve(plan::FaultKind kind, const Nodes& nodes) {
  std::uint64_t suffered = 0;
  Nodes gave_up;
  for (const history::NodeId node : nodes) disks_.at(node)->set({});
  for (const history::NodeId node : nodes) {
    faultfs::Suffered before;
    {
      const std::lock_guard lock(mutex_);
      before = before_[node];
    }
    const faultfs::Suffered now = disks_.at(node)->suffered();
    // One of them was the observation's own.
    const std::uint64_t its = now.refused - before.refused + now.delayed - before.delayed - 1;
    suffered += its;
    const bool may = kind != plan::FaultKind::SlowDisk && its > 0;
    if (!may || !gives_up(struck_.hosts, node)) continue;
    gave_up.insert(node);
    TRY([[maybe_unused]] auto started, start_again(struck_.config, node));
  }
  const bool slow = kind == plan::FaultKind::SlowDisk;
  std::string seen =
      fmt::format("{} operations of the nodes were {}", suffered, slow ? "slower" : "refused");
  if (!gave_up.empty()) seen += fmt::format("; {} gave up and run again", names(gave_up));
  return seen;
}

void DiskFaults::heal_all() {
  for (const auto& [node, disk] : disks_) disk->set({});
}

}  // namespace check::faults
