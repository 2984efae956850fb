// SPDX-License-Identifier: Apache-2.0
#include "check/search/log_outline.h"

#include <algorithm>

namespace check::search {

std::optional<std::uint64_t> LogOutline::term_at(std::uint64_t index) const {
  if (index == 0 || index > end_) return std::nullopt;
  const auto behind = std::ranges::upper_bound(runs_, index, {}, &Run::first);
  if (behind == runs_.begin()) return std::nullopt;
  return (behind - 1)->term;
}

void LogOutline::cut_after(std::uint64_t index) {
  end_ = std::min(end_, index);
  while (!runs_.empty() && runs_.back().first > index) runs_.pop_back();
}

void LogOutline::has(std::uint64_t index, std::uint64_t term) {
  known_ = true;
  if (index == 0 || term_at(index) == term) return;
  cut_after(index - 1);
  end_ = index;
  if (!runs_.empty() && runs_.back().term == term) return;
  runs_.push_back({index, term});
  if (runs_.size() > kMostRuns) runs_.erase(runs_.begin());
}

void LogOutline::ends_at(std::uint64_t index) {
  known_ = true;
  cut_after(index);
  end_ = index;
}

void LogOutline::agrees_with(const LogOutline& other, std::uint64_t index) {
  const auto term = other.term_at(index);
  known_ = true;
  if (term && term_at(index) == term) return;
  if (!term) {
    end_ = std::max(end_, index);
    return;
  }
  *this = other;
  cut_after(index);
}

}  // namespace check::search
