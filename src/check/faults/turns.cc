// SPDX-License-Identifier: Apache-2.0
#include "check/faults/turns.h"

#include <utility>

namespace check::faults {

namespace {

constexpr std::chrono::milliseconds kPoll{2};

bool has_smaller(const std::multiset<std::uint32_t>& turns, std::uint32_t turn) {
  return !turns.empty() && *turns.begin() < turn;
}

void take(std::multiset<std::uint32_t>& turns, std::uint32_t turn) {
  const auto found = turns.find(turn);
  if (found != turns.end()) turns.erase(found);
}

}  // namespace

Turns::Turns(const plan::Plan& plan, Options options)
    : options_(std::move(options)), since_(options_.count()), last_change_(Clock::now()) {
  for (const plan::Lane& lane : plan.lanes) {
    for (const plan::Step& step : lane.steps) {
      for (const auto& point : {step.at, step.until}) {
        if (point && point->turn > 0) to_come_.insert(point->turn);
      }
    }
  }
}

Turns::Ready Turns::ready(const plan::Point& point) {
  const Counts now = options_.count();
  const std::lock_guard lock(mutex_);
  const bool ordered = point.turn > 0;
  const bool later = ordered && has_smaller(to_come_, point.turn);
  const bool reached = now.acknowledged - since_.acknowledged >= point.acknowledged &&
                       now.leaders - since_.leaders >= point.leaders;
  Ready ready = Ready::No;
  if (reached && !later && !(ordered && has_smaller(going_, point.turn))) ready = Ready::Yes;
  const auto patience = later ? 2 * options_.patience : options_.patience;
  if (ready == Ready::No && Clock::now() - last_change_ >= patience) ready = Ready::LostPatience;
  if (ready != Ready::No && ordered) {
    take(to_come_, point.turn);
    going_.insert(point.turn);
    last_change_ = Clock::now();
  }
  return ready;
}

bool Turns::await(const std::optional<plan::Point>& point, const Stop& stop) {
  if (!point) return true;
  // Patience ends it, which is counted from the last change.
  while (true) {
    const Ready now = ready(*point);
    if (now != Ready::No) return now == Ready::Yes;
    if (!stop.wait(kPoll)) return false;
  }
}

void Turns::passed(const std::optional<plan::Point>& point) {
  const Counts now = options_.count();
  const std::lock_guard lock(mutex_);
  if (point) take(going_, point->turn);
  since_ = now;
  last_change_ = Clock::now();
}

}  // namespace check::faults
