// SPDX-License-Identifier: Apache-2.0
#include "check/trap/arms.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

namespace check::trap {

namespace {

std::uint32_t bit(Call call) { return 1U << static_cast<unsigned>(call); }

bool is_kill(Deed deed) { return deed == Deed::KillBefore || deed == Deed::KillAfter; }

}  // namespace

std::string_view name(Deed deed) {
  switch (deed) {
    case Deed::KillBefore:
      return "kill-before";
    case Deed::KillAfter:
      return "kill-after";
    case Deed::Eio:
      return "eio";
    case Deed::Enospc:
      return "enospc";
    case Deed::Lie:
      return "lie";
    case Deed::Delay:
      return "delay";
  }
  return "delay";
}

void Arms::add(std::uint64_t id, const SyscallPoint& point, const Action& action, StrikeSink sink) {
  const std::lock_guard lock(mutex_);
  armed_.push_back({id, point, action, std::move(sink)});
  note_wanted();
}

bool Arms::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const bool removed = std::erase_if(armed_, [id](const Armed& one) { return one.id == id; }) > 0;
  note_wanted();
  return removed;
}

void Arms::note_wanted() {
  std::uint32_t wanted = 0;
  for (const Armed& one : armed_) {
    for (const Call call : one.point.calls) wanted |= bit(call);
  }
  wanted_ = wanted;
}

bool Arms::count(Call call) {
  counts_.at(static_cast<std::size_t>(call)).fetch_add(1, std::memory_order_relaxed);
  return wants(call);
}

bool Arms::wants(Call call) const { return (wanted_ & bit(call)) != 0; }

std::uint64_t Arms::counted(Call call) const {
  return counts_.at(static_cast<std::size_t>(call)).load(std::memory_order_relaxed);
}

std::optional<Arms::Hit> Arms::strike(Call call, const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto due = armed_.end();
  for (auto one = armed_.begin(); one != armed_.end(); ++one) {
    const bool fits =
        one->point.calls.contains(call) && ::fnmatch(one->point.path.c_str(), path.c_str(), 0) == 0;
    if (!fits) continue;
    one->seen += 1;
    if (one->seen >= one->point.k && due == armed_.end()) due = one;
  }
  if (due == armed_.end()) return std::nullopt;
  Hit hit{due->id, due->action, due->sink};
  if (!due->action.lasting || is_kill(due->action.deed)) {
    armed_.erase(due);
    note_wanted();
  }
  return hit;
}

}  // namespace check::trap
