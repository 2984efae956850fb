// SPDX-License-Identifier: Apache-2.0
// Applied-entry records (docs/formats/applied.md): what each server's state machine was given. If
// a server has applied an entry at an index, no server ever applies another there (Raft §5.4.3,
// State Machine Safety).
//
//   # start
//   2 1 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
//   3 1 ...
//
//   AppliedJudge judge;
//   const std::size_t file = judge.begin_file("n1.applied");
//   TRY(done, judge.add(line));  ...                              // of that file, one by one
//   judge.findings()
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "check/verdict/finding.h"

namespace check::evidence {

class AppliedJudge {
 public:
  static constexpr std::size_t kMostFindings = 100;  // Beyond, violations are only counted.

  // The lines that follow are of this file. `name` is what sentences call it.
  void begin_file(std::string name);

  // A line without its line break. An error names the file and the line: it is not a record, or its
  // index is lower than the one before although the process did not start in between.
  base::Status add(std::string_view line);

  // What stands at a file's end without a line break, because its writer died there. It is ignored,
  // unless it is whole.
  base::Status add_torn(std::string_view rest);

  std::uint64_t entries() const { return entries_; }  // Lines; the same entry may have several.
  std::uint64_t starts() const { return starts_; }

  // One that is valid, or each violation with both places.
  std::vector<verdict::Finding> findings() const;

 private:
  using Digest = std::array<std::uint64_t, 4>;
  struct Record {
    std::uint64_t index = 0;
    std::uint64_t term = 0;
    Digest digest = {};
  };
  struct Seen {
    std::uint64_t term = 0;
    Digest digest = {};
    std::uint32_t file = 0;
    std::uint64_t line = 0;
  };

  static std::optional<Record> parse(std::string_view line);
  std::string place(std::uint32_t file, std::uint64_t line) const;
  void compare(const Record& record);

  std::vector<std::string> files_;
  std::uint64_t line_ = 0;                        // Of the last file.
  std::optional<std::uint64_t> last_index_;       // Since its process started.
  std::unordered_map<std::uint64_t, Seen> seen_;  // By index; looked up only.
  std::vector<std::string> violations_;
  std::uint64_t violated_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t starts_ = 0;
};

}  // namespace check::evidence
