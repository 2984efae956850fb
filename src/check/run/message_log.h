// SPDX-License-Identifier: Apache-2.0
// messages.jsonl, written as it happens: the monitor's thread puts messages into a bounded queue
// and goes on; a thread of its own makes lines of them. Messages for which the queue or the file
// has no room are lost and counted: their ids are missing in the file.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "check/faults/stop.h"
#include "check/wire/observation.h"

namespace check::run {

class MessageLog {
 public:
  struct Counts {
    std::uint64_t saved = 0;
    std::uint64_t lost = 0;
  };
  static constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32;

  // `stop` is requested when the file can no longer be written (a full disk).
  static base::Result<std::unique_ptr<MessageLog>> create(const std::string& path,
                                                          faults::Stop& stop,
                                                          std::uint64_t most_bytes = kMostBytes);
  MessageLog(const MessageLog&) = delete;
  MessageLog& operator=(const MessageLog&) = delete;
  ~MessageLog();

  // From one thread at a time, in the order of their ids.
  void append(wire::Observation observation);
  // Writes what waits, and ends the file: what comes later is not counted.
  void close();
  Counts counts() const { return {saved_.load(), lost_.load()}; }

 private:
  MessageLog(int fd, std::string path, faults::Stop& stop, std::uint64_t most_bytes);
  void run();
  void write(const std::vector<wire::Observation>& messages);
  void write_out();

  const int fd_;
  const std::string path_;
  faults::Stop& stop_;
  const std::uint64_t most_bytes_;
  std::atomic<std::uint64_t> saved_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::uint64_t bytes_ = 0;  // The writer's, as is the rest up to the mutex.
  std::uint64_t lines_ = 0;  // In out_.
  std::string out_;
  bool full_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<wire::Observation> queue_;  // Guarded by mutex_.
  std::size_t entries_ = 0;               // Guarded by mutex_: in queue_.
  bool closed_ = false;                   // Guarded by mutex_.
  std::thread writer_;
};

}  // namespace check::run
