// SPDX-License-Identifier: Apache-2.0
#include "explore/explorer.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/check.h"
#include "explore/trace.h"
#include "explore/worker.h"

namespace explore {

namespace {

constexpr std::uint64_t kRoundStates = 20'000;

}  // namespace

Explorer::Explorer(const Bounds& bounds, std::uint32_t jobs)
    : bounds_(bounds), jobs_(jobs), renamings_(bounds.nodes, bounds.symmetry) {
  CHECK(jobs > 0);
  for (std::uint32_t i = 0; i < jobs; ++i) workers_.emplace_back(bounds_, renamings_, i, jobs);
}

std::uint64_t Explorer::sum(std::uint64_t (Worker::*figure)() const) const {
  std::uint64_t sum = 0;
  for (const Worker& worker : workers_) sum += (worker.*figure)();
  return sum;
}

const Finding* Explorer::find_finding() const {
  const auto found = std::ranges::find_if(
      workers_, [](const Worker& worker) { return worker.finding().has_value(); });
  return found == workers_.end() ? nullptr : &*found->finding();
}

Finish Explorer::search(const Crew& crew, const Watch& watch) {
  for (std::uint32_t i = 0; i < jobs_; ++i) {
    workers_[i].begin();
    if (workers_[i].states() == 1) root_ = StateId{i};
  }
  advance();
  while (!std::ranges::all_of(workers_, &Worker::level_done)) {
    if (depth_ == bounds_.depth) return Finish::Depth;
    if (const std::optional<Finish> finish = search_level(crew, watch)) return *finish;
    depth_ += 1;
    advance();
  }
  return Finish::Exhausted;
}

std::optional<Finish> Explorer::search_level(const Crew& crew, const Watch& watch) {
  while (!std::ranges::all_of(workers_, &Worker::level_done)) {
    crew(jobs_, [this](std::uint32_t i) { workers_[i].expand(kRoundStates); });
    if (find_finding() != nullptr) return Finish::Violated;
    exchange(crew);
    if (std::ranges::any_of(workers_, &Worker::full)) return Finish::Memory;
    const Progress progress{depth_, sum(&Worker::states), sum(&Worker::actions),
                            sum(&Worker::waiting)};
    if (!watch(progress)) return Finish::Stopped;
  }
  return std::nullopt;
}

void Explorer::exchange(const Crew& crew) {
  if (jobs_ == 1) return;
  for (Worker& worker : workers_) {
    for (const Worker& other : workers_) {
      if (&worker != &other) worker.adopt(other);
    }
  }
  crew(jobs_, [this](std::uint32_t i) {
    for (Worker& other : workers_) {
      if (&workers_[i] != &other) workers_[i].absorb(other);
    }
  });
}

void Explorer::advance() {
  const std::uint64_t found = sum(&Worker::waiting);
  if (found > 0) by_depth_.push_back(found);
  for (Worker& worker : workers_) worker.advance();
}

std::vector<Action> Explorer::way_to(StateId state) const {
  std::vector<Action> actions;
  while (state != root_) {
    const Visited::Origin origin =
        workers_[static_cast<std::uint32_t>(state) % jobs_].origin(state);
    actions.push_back(origin.action);
    state = origin.parent;
  }
  std::ranges::reverse(actions);
  return actions;
}

Report Explorer::run(const Crew& crew, const Watch& watch) {
  Report report;
  report.bounds = bounds_;
  report.finish = search(crew, watch);
  report.progress = {depth_, sum(&Worker::states), sum(&Worker::actions), sum(&Worker::waiting)};
  report.by_depth = by_depth_;
  report.crowded = sum(&Worker::crowded);
  report.hash = sum(&Worker::hash);
  for (const Worker& worker : workers_) {
    const Catalogue& catalogue = worker.catalogue();
    report.server_states = std::max<std::uint64_t>(report.server_states, catalogue.servers());
    report.messages = std::max<std::uint64_t>(report.messages, catalogue.flights());
    report.steps += catalogue.steps();
  }
  if (const Finding* finding = find_finding()) {
    std::vector<Action> actions = way_to(finding->before);
    actions.push_back(finding->action);
    report.violation = finding->violation;
    report.trace = tell(bounds_, actions);
  }
  return report;
}

std::vector<std::string> Explorer::way_of(std::uint32_t job) const {
  return tell(bounds_, way_to(workers_[job].at_work()));
}

void work_alone(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work) {
  for (std::uint32_t i = 0; i < jobs; ++i) work(i);
}

bool watch_nothing(const Progress& /*progress*/) { return true; }

Report run(const Bounds& bounds, std::uint32_t jobs, const Crew& crew, const Watch& watch) {
  return Explorer(bounds, jobs).run(crew, watch);
}

}  // namespace explore
