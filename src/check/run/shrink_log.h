// SPDX-License-Identifier: Apache-2.0
// shrink.jsonl: every plan that was tried and what came of it, so that a shrinking that was
// interrupted goes on where it was (docs/replay.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"

namespace check::run {

class ShrinkLog {
 public:
  struct Entry {
    std::uint64_t plan = 0;  // Hash of its text, and of how it was tried.
    bool fails = false;
    int runs = 0;
    int failed = 0;
    std::string what;
  };

  // Reads what is there; a torn last line is cut off. An error names file and line.
  static base::Result<ShrinkLog> open(const std::string& path);

  std::optional<Entry> find(std::uint64_t plan) const;
  std::size_t size() const { return entries_.size(); }
  base::Status add(const Entry& entry);

 private:
  explicit ShrinkLog(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace check::run
