// SPDX-License-Identifier: Apache-2.0
// The file of a sweep (docs/formats/sweep.md): a first line that says what was run, then one line a
// seed, in order.
//   {"raftsim":1,"nodes":3,"events":2000}
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/shell/commands.h"
#include "sim/shell/result.h"

namespace sim::shell {

class ResultWriter {
 public:
  // Fails if there is such a file already.
  static base::Result<ResultWriter> create(const std::string& path, const Shape& shape);
  void add(const SeedResult& result);
  // Whether all of it is in the file.
  base::Status close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit ResultWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

struct ResultFile {
  Shape shape;
  std::vector<SeedResult> results;
};
// An error names file and line.
base::Result<ResultFile> read_results(const std::string& path);

}  // namespace sim::shell
