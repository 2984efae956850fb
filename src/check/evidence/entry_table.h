// SPDX-License-Identifier: Apache-2.0
// What has been seen of entries: an index and a term name one content, and one entry before it, in
// whatever log they are found (Raft §5.3, Log Matching).
//
//   (index, term) --> content, and the term of the entry at index - 1
//
// Keeps a bounded number of entries, those with the highest indices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "check/evidence/finding_log.h"
#include "check/wire/message.h"

namespace check::evidence {

class EntryTable {
 public:
  // How many entries all tables of one judge may hold together.
  struct Budget {
    std::size_t left = std::size_t{1} << 20;
    bool exhausted = false;  // Something was forgotten.
  };

  enum class Difference : std::uint8_t { Content, TermBefore };
  struct Conflict {
    Difference difference;
    MessageId earlier;      // The message that said otherwise.
    wire::Term other_term;  // TermBefore: what it said.
  };

  explicit EntryTable(Budget& budget) : budget_(&budget) {}

  // Message `id` holds `entry`, and says which term the entry before it has.
  std::optional<Conflict> add(const wire::Entry& entry, std::optional<wire::Term> before,
                              MessageId id);

 private:
  struct Seen {
    wire::Index index;
    wire::Term term;
    std::uint64_t hash = 0;
    MessageId content_from;
    wire::Term before;
    MessageId before_from;  // 0: `before` is not known.
  };
  static constexpr std::uint64_t kChunk = 256;  // Indices side by side.

  void forget_lowest();

  Budget* budget_;
  // Of each chunk the entries, in order of index and term.
  std::map<std::uint64_t, std::vector<Seen>> chunks_;
};

}  // namespace check::evidence
