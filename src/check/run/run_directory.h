// SPDX-License-Identifier: Apache-2.0
// The folder that holds everything about one run (docs/formats/run-directory.md). What is written
// here survives the death of the checker: files grow by whole lines, or are replaced whole.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "check/history/node_id.h"

namespace check::run {

class RunDirectory {
 public:
  // Makes the folder (and its parents) and the nodes' folders. A folder that holds something is
  // refused. The path is made absolute.
  static base::Result<RunDirectory> create(const std::string& path, std::uint32_t nodes);
  // An existing one. An error if it does not look like a run.
  static base::Result<RunDirectory> open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + '/' + name; }
  std::string node_directory(history::NodeId node) const;  // nodes/N
  std::string data_directory(history::NodeId node) const;  // nodes/N/data
  std::string output_file(history::NodeId node) const;     // nodes/N/output.log

  // Replaces `name` whole: readers see the old content or the new.
  base::Status write(const std::string& name, const std::string& content) const;
  base::Result<std::string> read(const std::string& name) const;
  bool has(const std::string& name) const;
  void remove(const std::string& name) const;
  // What the node kept, and not what it said.
  void remove_data(history::NodeId node) const;

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// "runs/20260514T093000Z-etcd-7", from the wall clock.
std::string default_path(const std::string& target, std::uint64_t seed);

// Points the link `latest`, beside the folder, to it.
base::Status link_latest(const RunDirectory& directory);

// Readers see the old content or the new.
base::Status replace_file(const std::string& path, const std::string& content);

base::Result<std::string> read_file(const std::string& path);

}  // namespace check::run
