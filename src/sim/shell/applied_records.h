// SPDX-License-Identifier: Apache-2.0
// What each server's state machine was given, one file a server (docs/formats/applied.md).
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "raft/message.h"

namespace sim::shell {

class AppliedRecords {
 public:
  // Makes `folder` if it is not there, and in it n1.applied, n2.applied, ... Refuses to overwrite.
  static base::Result<AppliedRecords> open(const std::string& folder, std::uint64_t nodes);

  // Null: the server has started.
  void add(raft::NodeId node, const raft::Entry* entry);
  base::Status close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  struct Record {
    std::string path;
    std::unique_ptr<std::FILE, Closer> file;
  };
  std::vector<Record> records_;
};

}  // namespace sim::shell
