// SPDX-License-Identifier: Apache-2.0
#include "check/faults/disk_faults.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

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

bool cuts_power(plan::FaultKind kind) {
  return kind == plan::FaultKind::PowerCut || kind == plan::FaultKind::TornWrite;
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

base::Result<std::string> DiskFaults::begin(plan::FaultKind kind, const Nodes& nodes,
                                            std::chrono::microseconds delay) {
  for (const history::NodeId node : nodes) {
    if (struck_.hosts.running(node)) continue;
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("n{} had ended before it was struck", node.value)};
  }
  TRY(const std::string done, strike(kind, nodes, delay));
  TRY(const std::string seen, confirm(kind, nodes));
  return done.empty() ? seen : done + "; " + seen;
}

base::Result<std::string> DiskFaults::strike(plan::FaultKind kind, const Nodes& nodes,
                                             std::chrono::microseconds delay) {
  if (kind == plan::FaultKind::PowerCut) return cut_power(faultfs::Cut::LoseUnsynced, nodes);
  if (kind == plan::FaultKind::TornWrite) return cut_power(faultfs::Cut::TearLast, nodes);
  trouble(kind, nodes, trouble_of(kind, delay));
  return std::string();
}

base::Result<std::string> DiskFaults::confirm(plan::FaultKind kind, const Nodes& nodes) {
  return cuts_power(kind) ? confirm_silence(nodes) : confirm_trouble(kind, nodes);
}

base::Result<std::string> DiskFaults::end(plan::FaultKind kind, const Nodes& nodes) {
  return cuts_power(kind) ? power_up(nodes) : relieve(kind, nodes);
}

// The network first: what the kernels of dead programs say to their peers must not be heard.
base::Result<std::string> DiskFaults::cut_power(faultfs::Cut cut, const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    std::uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      id = next_cut_++;
      cut_off_[node] = id;
    }
    TRY([[maybe_unused]] auto imposed,
        struck_.network.impose(id, cut_off({node}, struck_.hosts.nodes())));
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
    struck_.lost_power(node);
    lost.writes += loss.writes;
    lost.bytes += loss.bytes;
    lost.names += loss.names;
  }
  return fmt::format("{} without power: {} writes ({} bytes) and {} changes of names lost",
                     names(nodes), lost.writes, lost.bytes, lost.names);
}

base::Result<std::string> DiskFaults::confirm_silence(const Nodes& nodes) {
  std::string silence;
  for (const history::NodeId node : nodes) {
    std::uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto found = cut_off_.find(node);
      if (found == cut_off_.end()) continue;  // It has power again.
      id = found->second;
    }
    TRY(silence, struck_.network.confirm(id));
  }
  return silence;
}

base::Result<std::string> DiskFaults::power_up(const Nodes& nodes) {
  std::vector<std::uint64_t> cuts;
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : nodes) {
      const auto found = cut_off_.find(node);
      if (found == cut_off_.end()) continue;
      cuts.push_back(found->second);
      cut_off_.erase(found);
    }
  }
  base::Result<std::string> connected = std::string("it never was cut off");
  for (const std::uint64_t id : cuts) {
    auto ended = struck_.network.end(id);
    if (connected.ok()) connected = std::move(ended);
  }
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

void DiskFaults::trouble(plan::FaultKind kind, const Nodes& nodes,
                         const faultfs::Trouble& trouble) {
  for (const history::NodeId node : nodes) {
    if (kind != plan::FaultKind::SlowDisk) struck_.excuse(node);
    {
      const std::lock_guard lock(mutex_);
      troubled_[node] = {trouble, disks_.at(node)->suffered()};
    }
    disks_.at(node)->set(trouble);
  }
}

base::Result<std::string> DiskFaults::confirm_trouble(plan::FaultKind kind, const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    faultfs::Trouble trouble;
    {
      const std::lock_guard lock(mutex_);
      const auto found = troubled_.find(node);
      if (found == troubled_.end()) return std::string("ended before it was observed");
      trouble = found->second.trouble;
      found->second.seen = true;
    }
    TRY([[maybe_unused]] auto seen, observe(node, trouble));
  }
  return fmt::format("the disks of {} {}", names(nodes),
                     kind == plan::FaultKind::SlowDisk   ? "are that much slower"
                     : kind == plan::FaultKind::DiskFull ? "refuse with ENOSPC"
                                                         : "refuse with EIO");
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
    Troubled past;
    {
      const std::lock_guard lock(mutex_);
      past = std::exchange(troubled_[node], {});
      troubled_.erase(node);
    }
    const faultfs::Suffered now = disks_.at(node)->suffered();
    const std::uint64_t its =
        now.refused - past.before.refused + now.delayed - past.before.delayed - (past.seen ? 1 : 0);
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
