// SPDX-License-Identifier: Apache-2.0
// What messages show of one node's log: how far it goes, and which terms its entries have. The
// terms of a log never fall (Raft §5.3), so a few runs tell them all.
//
//   index  1 2 3 4 5 6 7        runs: (1, term 1) (4, term 2) (6, term 5); end 7
//   term   1 1 1 2 2 5 5
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace check::search {

class LogOutline {
 public:
  bool known() const { return known_; }
  std::uint64_t end() const { return end_; }
  std::uint64_t last_term() const { return term_at(end_).value_or(0); }
  // Nothing beyond the end, before the first run that is known, and at 0.
  std::optional<std::uint64_t> term_at(std::uint64_t index) const;

  // The entry is in the log, and all that a log of such an entry has not is gone.
  void has(std::uint64_t index, std::uint64_t term);
  // The log ends here; nothing is said about its terms.
  void ends_at(std::uint64_t index);
  // The log is `other` up to `index` at least (Raft, Log Matching).
  void agrees_with(const LogOutline& other, std::uint64_t index);

 private:
  static constexpr std::size_t kMostRuns = 64;  // Of more, the newest.

  struct Run {
    std::uint64_t first = 0;
    std::uint64_t term = 0;
  };
  void cut_after(std::uint64_t index);

  bool known_ = false;
  std::uint64_t end_ = 0;
  std::vector<Run> runs_;
};

}  // namespace check::search
