// SPDX-License-Identifier: Apache-2.0
// A record of what a state machine was given (docs/formats/applied.md), appended to a file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/result.h"
#include "raft/message.h"

namespace capi {

class AppliedFile {
 public:
  // Notes that the process has started.
  static base::Result<AppliedFile> open(const std::string& path);

  void add(const raft::Entry& entry);
  // What was added is with the system, and outlives this process.
  base::Status flush();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  AppliedFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace capi
