// SPDX-License-Identifier: Apache-2.0
// history.jsonl, written as it happens, by all clients. A line's time is taken under the same lock
// that gives it its place: before the request leaves, after the answer came. Intervals may so be
// longer than they were, never shorter, and the file is in order of time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "check/cluster/raft_client.h"
#include "check/faults/run_clock.h"
#include "check/faults/stop.h"
#include "check/history/event.h"
#include "check/history/node_id.h"
#include "check/history/operation.h"

namespace check::run {

// What a client is about to do.
struct Call {
  std::uint64_t process = 0;
  history::Function function = history::Function::Read;
  std::string key = {};
  history::Value written = {};
  history::Value expected = {};
  history::NodeId node = {};
  bool final = false;
  bool list = false;  // What is read is the text of a list (list_text.h).
};

class HistoryLog {
 public:
  // `stop` is requested when the file can no longer be written (a full disk).
  static base::Result<std::unique_ptr<HistoryLog>> create(const std::string& path,
                                                          const faults::RunClock& clock,
                                                          faults::Stop& stop);
  ~HistoryLog();
  HistoryLog(const HistoryLog&) = delete;
  HistoryLog& operator=(const HistoryLog&) = delete;

  void invoke(const Call& call);
  void complete(const Call& call, const cluster::Answer& answer);

  std::uint64_t events();  // So far.

 private:
  HistoryLog(int fd, std::string path, const faults::RunClock& clock, faults::Stop& stop)
      : fd_(fd), path_(std::move(path)), clock_(clock), stop_(stop) {}

  void append(history::Event event);

  int fd_;
  std::string path_;
  const faults::RunClock& clock_;
  faults::Stop& stop_;
  std::mutex mutex_;
  std::uint64_t next_index_ = 0;
  std::string line_;  // Kept for its memory.
};

}  // namespace check::run
