// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/log_view.h"

#include <algorithm>

namespace check::evidence {

LogView::Added LogView::add(wire::Term term, wire::Index first, wire::Index last, MessageId from) {
  const auto at = std::ranges::lower_bound(runs_, term, {}, &Run::term);
  const bool known = at != runs_.end() && at->term == term;
  if (known && at->first <= first && last <= at->last) return {};
  if (at != runs_.begin() && std::prev(at)->last >= first) return {.contradiction = *std::prev(at)};
  const auto behind = known ? std::next(at) : at;
  if (behind != runs_.end() && behind->first <= last) return {.contradiction = *behind};
  Added added{.contradiction = {}, .grown = true, .first = first, .last = last};
  if (!known) {
    runs_.insert(at, {term, first, last, from, from});
    if (runs_.size() > kMostRuns) runs_.erase(runs_.begin());
    return added;
  }
  if (first >= at->first) added.first = at->last.next();
  if (last <= at->last) added.last = wire::Index(at->first.value() - 1);
  if (first < at->first) {
    at->first = first;
    at->first_from = from;
  }
  if (last > at->last) {
    at->last = last;
    at->last_from = from;
  }
  return added;
}

std::optional<LogView::Run> LogView::find(wire::Index index) const {
  const auto at = std::ranges::lower_bound(runs_, index, {}, &Run::last);
  if (at == runs_.end() || index < at->first) return std::nullopt;
  return *at;
}

std::optional<LogView::Run> LogView::find_other(wire::Term term, wire::Index first,
                                                wire::Index last) const {
  for (auto at = std::ranges::lower_bound(runs_, first, {}, &Run::last);
       at != runs_.end() && at->first <= last; ++at) {
    if (at->term != term) return *at;
  }
  return std::nullopt;
}

std::optional<LogView::Run> LogView::last_below(wire::Term term) const {
  const auto at = std::ranges::lower_bound(runs_, term, {}, &Run::term);
  if (at == runs_.begin()) return std::nullopt;
  return *std::prev(at);
}

}  // namespace check::evidence
