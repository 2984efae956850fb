// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/entry_table.h"

#include <algorithm>
#include <tuple>

namespace check::evidence {

void EntryTable::forget_lowest() {
  const auto lowest = chunks_.begin();
  budget_->left += lowest->second.size();
  budget_->exhausted = true;
  chunks_.erase(lowest);
}

std::optional<EntryTable::Conflict> EntryTable::add(const wire::Entry& entry,
                                                    std::optional<wire::Term> before,
                                                    MessageId id) {
  const std::uint64_t number = entry.index.value() / kChunk;
  if (budget_->left == 0) {
    // What lies below all that is kept is not worth more than what is.
    if (chunks_.empty() || number < chunks_.begin()->first) return std::nullopt;
    forget_lowest();
  }
  std::vector<Seen>& chunk = chunks_[number];
  const auto at =
      std::ranges::lower_bound(chunk, std::tuple(entry.index, entry.term), {},
                               [](const Seen& seen) { return std::tuple(seen.index, seen.term); });
  if (at == chunk.end() || at->index != entry.index || at->term != entry.term) {
    chunk.insert(at, {.index = entry.index,
                      .term = entry.term,
                      .hash = entry.hash,
                      .content_from = id,
                      .before = before.value_or(wire::Term()),
                      .before_from = before ? id : MessageId()});
    --budget_->left;
    return std::nullopt;
  }
  if (at->hash != entry.hash) return Conflict{Difference::Content, at->content_from, entry.term};
  if (!before) return std::nullopt;
  if (at->before_from == MessageId()) {
    at->before = *before;
    at->before_from = id;
  }
  if (at->before == *before) return std::nullopt;
  return Conflict{Difference::TermBefore, at->before_from, at->before};
}

}  // namespace check::evidence
