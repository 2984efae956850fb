// SPDX-License-Identifier: Apache-2.0
// faults.jsonl: every fault as it was armed, fired and healed, with what was observed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/faults/fault_record.h"
#include "check/faults/stop.h"

namespace check::run {

class FaultLog {
 public:
  // `stop` is requested when the file can no longer be written.
  static base::Result<std::unique_ptr<FaultLog>> create(const std::string& path,
                                                        faults::Stop& stop);
  ~FaultLog();
  FaultLog(const FaultLog&) = delete;
  FaultLog& operator=(const FaultLog&) = delete;

  void append(const faults::FaultRecord& record);
  // What is in force now: "partition leader, kill one"; empty if nothing is.
  std::string in_force() const;
  std::uint64_t events() const;  // Saved so far.

 private:
  FaultLog(int fd, std::string path, faults::Stop& stop)
      : fd_(fd), path_(std::move(path)), stop_(stop) {}

  int fd_;
  std::string path_;
  faults::Stop& stop_;
  mutable std::mutex mutex_;
  std::vector<faults::FaultRecord> in_force_;
  std::uint64_t events_ = 0;
};

// A torn last line is left out. An error names file and line.
base::Result<std::vector<faults::FaultRecord>> read_faults(const std::string& text,
                                                           const std::string& file);

}  // namespace check::run
