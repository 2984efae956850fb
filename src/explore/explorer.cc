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

class Explorer {
 public:
  Explorer(const Bounds& bounds, std::uint32_t jobs, const Crew& crew, const Watch& watch)
      : bounds_(bounds),
        jobs_(jobs),
        crew_(crew),
        watch_(watch),
        renamings_(bounds.nodes, bounds.symmetry) {
    CHECK(jobs > 0);
    for (std::uint32_t i = 0; i < jobs; ++i) workers_.emplace_back(bounds_, renamings_, i, jobs);
  }

  Report explore();

 private:
  Finish search();
  std::optional<Finish> search_level();
  void exchange();
  void advance();
  std::uint64_t sum(std::uint64_t (Worker::*figure)() const) const;
  const Finding* find_finding() const;
  std::vector<Action> way_to(StateId state) const;

  Bounds bounds_;
  std::uint32_t jobs_;
  const Crew& crew_;
  const Watch& watch_;
  Renamings renamings_;
  std::deque<Worker> workers_;
  StateId root_{};
  std::uint32_t depth_ = 0;
  std::vector<std::uint64_t> by_depth_;
};

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

Finish Explorer::search() {
  for (std::uint32_t i = 0; i < jobs_; ++i) {
    workers_[i].begin();
    if (workers_[i].states() == 1) root_ = StateId{i};
  }
  advance();
  while (!std::ranges::all_of(workers_, &Worker::level_done)) {
    if (depth_ == bounds_.depth) return Finish::Depth;
    if (const std::optional<Finish> finish = search_level()) return *finish;
    depth_ += 1;
    advance();
  }
  return Finish::Exhausted;
}

std::optional<Finish> Explorer::search_level() {
  while (!std::ranges::all_of(workers_, &Worker::level_done)) {
    crew_(jobs_, [this](std::uint32_t i) { workers_[i].expand(kRoundStates); });
    if (find_finding() != nullptr) return Finish::Violated;
    exchange();
    if (std::ranges::any_of(workers_, &Worker::full)) return Finish::Memory;
    const Progress progress{depth_, sum(&Worker::states), sum(&Worker::actions),
                            sum(&Worker::waiting)};
    if (!watch_(progress)) return Finish::Stopped;
  }
  return std::nullopt;
}

void Explorer::exchange() {
  if (jobs_ == 1) return;
  for (Worker& worker : workers_) {
    for (const Worker& other : workers_) {
      if (&worker != &other) worker.adopt(other);
    }
  }
  crew_(jobs_, [this](std::uint32_t i) {
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

Report Explorer::explore() {
  Report report;
  report.bounds = bounds_;
  report.finish = search();
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

}  // namespace

void work_alone(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work) {
  for (std::uint32_t i = 0; i < jobs; ++i) work(i);
}

bool watch_nothing(const Progress& /*progress*/) { return true; }

Report run(const Bounds& bounds, std::uint32_t jobs, const Crew& crew, const Watch& watch) {
  return Explorer(bounds, jobs, crew, watch).explore();
}

}  // namespace explore
