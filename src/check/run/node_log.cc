// SPDX-License-Identifier: Apache-2.0
#include "check/run/node_log.h"

#include <unistd.h>

#include "check/run/append_line.h"

namespace check::run {

using evidence::NodeEvent;
using evidence::NodeEventKind;

base::Result<std::unique_ptr<NodeLog>> NodeLog::create(const std::string& path,
                                                       const faults::RunClock& clock,
                                                       faults::Stop& stop) {
  TRY(const int fd, create_line_file(path));
  return std::unique_ptr<NodeLog>(new NodeLog(fd, path, clock, stop));
}

NodeLog::~NodeLog() { ::close(fd_); }

void NodeLog::note(history::NodeId node, NodeEventKind kind) {
  append({.node = node, .kind = kind});
}

void NodeLog::note(history::NodeId node, history::Moment asked, const cluster::NodeStatus& status) {
  NodeEvent event{.node = node,
                  .kind = NodeEventKind::Status,
                  .asked_ns = asked.value(),
                  .leader = status.leader};
  if (status.term) event.term = wire::Term(*status.term);
  if (status.commit) event.commit = wire::Index(*status.commit);
  append(event);
}

void NodeLog::append(NodeEvent event) {
  const std::lock_guard lock(mutex_);
  event.time_ns = clock_.now().value();
  std::string line;
  evidence::append_line(line, event);
  const base::Status written = append_lines(fd_, line, path_);
  if (written.ok()) {
    events_ += 1;
  } else {
    stop_.request(written.error().message);
  }
}

std::uint64_t NodeLog::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

}  // namespace check::run
