// SPDX-License-Identifier: Apache-2.0
// Tests whose cases and expected answers are text files.
//
// A golden file is a list of cases. Each is a command line, `----`, and the answer up to the next
// blank line. Lines that start with # are for the reader.
//
//   # Two of three have 5.
//   majority voters=1,2,3 match=1:7,2:5,3:0
//   ----
//   5
//
// A case of run_blocks() has several command lines, up to the `----`.
//
// With GOLDEN=rewrite in the environment, files are rewritten with the answers as they are now;
// read the diff before you commit it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace golden {

struct Case {
  std::string command;
  std::map<std::string, std::string> arguments;
};

using Block = std::vector<std::string>;

// Runs every case of the file at `path` and reports each difference as a gtest failure.
void run(const std::string& path, const std::function<std::string(const Case&)>& answer);
void run_blocks(const std::string& path, const std::function<std::string(const Block&)>& answer);

}  // namespace golden
