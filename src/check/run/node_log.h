// SPDX-License-Identifier: Apache-2.0
// nodes.jsonl, written as it happens: processes that start and end, and what nodes say of
// themselves. A line's time is taken under the same lock that gives it its place.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/evidence/node_event.h"
#include "check/faults/run_clock.h"
#include "check/faults/stop.h"

namespace check::run {

class NodeLog {
 public:
  // `stop` is requested when the file can no longer be written (a full disk).
  static base::Result<std::unique_ptr<NodeLog>> create(const std::string& path,
                                                       const faults::RunClock& clock,
                                                       faults::Stop& stop);
  NodeLog(const NodeLog&) = delete;
  NodeLog& operator=(const NodeLog&) = delete;
  ~NodeLog();

  // A start is noted before it happens, an end after.
  void note(history::NodeId node, evidence::NodeEventKind kind);
  // What it answered to a question sent at `asked`.
  void note(history::NodeId node, history::Moment asked, const cluster::NodeStatus& status);
  std::uint64_t events();  // Saved so far.
  history::Moment now() const { return clock_.now(); }

 private:
  NodeLog(int fd, std::string path, const faults::RunClock& clock, faults::Stop& stop)
      : fd_(fd), path_(std::move(path)), clock_(clock), stop_(stop) {}
  void append(evidence::NodeEvent event);

  const int fd_;
  const std::string path_;
  const faults::RunClock& clock_;
  faults::Stop& stop_;
  std::mutex mutex_;
  std::uint64_t events_ = 0;
};

}  // namespace check::run
