// SPDX-License-Identifier: Apache-2.0
// Every state that a small cluster of our own core can get into, level by level: so the first
// broken rule that is found has a shortest way to it.
//
//   Explorer explorer(bounds, 2);
//   const Report report = explorer.run(crew, watch);
//
// Nothing here has a clock or a thread. Who calls lends threads, and says when it is enough.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explore/report.h"
#include "explore/worker.h"

namespace explore {

// Calls work(0), ..., work(jobs - 1), perhaps at the same time, and returns when all have returned.
using Crew =
    std::function<void(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work)>;
// Is told how far it is, every few thousand states; false: stop.
using Watch = std::function<bool(const Progress&)>;

// One after the other.
void work_alone(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work);
bool watch_nothing(const Progress& progress);

class Explorer {
 public:
  // Requires: 2 <= nodes <= kMaxServers; flights <= kMaxFlights; jobs > 0.
  Explorer(const Bounds& bounds, std::uint32_t jobs);
  ~Explorer() = default;
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  // Once.
  Report run(const Crew& crew, const Watch& watch);
  // How the state came about that work(job) is at: for when a CHECK of the core ends it there. To
  // be called from where that job runs.
  std::vector<std::string> way_of(std::uint32_t job) const;

 private:
  Finish search(const Crew& crew, const Watch& watch);
  std::optional<Finish> search_level(const Crew& crew, const Watch& watch);
  void exchange(const Crew& crew);
  void advance();
  std::uint64_t sum(std::uint64_t (Worker::*figure)() const) const;
  const Finding* find_finding() const;
  std::vector<Action> way_to(StateId state) const;

  Bounds bounds_;
  std::uint32_t jobs_;
  Renamings renamings_;
  std::deque<Worker> workers_;  // They refer to the two above.
  StateId root_{};
  std::uint32_t depth_ = 0;
  std::vector<std::uint64_t> by_depth_;
};

// The same in one go.
Report run(const Bounds& bounds, std::uint32_t jobs, const Crew& crew, const Watch& watch);

}  // namespace explore
