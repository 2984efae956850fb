// SPDX-License-Identifier: Apache-2.0
// search.jsonl: a line for every plan that a search tried (docs/formats/search.md).
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/run/run_directory.h"
#include "check/verdict/finding.h"

namespace check::run {

struct TriedPlan {
  std::uint64_t number = 0;
  std::string file;                 // Below the search's folder.
  std::vector<std::uint64_t> from;  // Plans that it was made from.
  std::uint64_t seed = 0;
  double at_s = 0;  // When its run had ended, since the search began.
  double took_s = 0;
  std::uint64_t states = 0;  // That its cluster was in,
  std::uint64_t fresh = 0;   // no plan's before,
  std::uint64_t total = 0;   // any plan's so far.
  verdict::Verdict verdict = verdict::Verdict::Unknown;
  std::string why;  // The first sentence of what is not valid.
};

class SearchLog {
 public:
  static base::Result<SearchLog> create(const std::string& path);
  // The line is in the file when this returns.
  base::Status append(const TriedPlan& tried);

 private:
  SearchLog(std::ofstream file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  std::ofstream file_;
  std::string path_;
};

// The first sentence of a run's verdict.json that is not valid; empty: there is none.
std::string first_complaint(const RunDirectory& directory);

}  // namespace check::run
