// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace check::run {

monitor::Fate MessageWatch::seen(const wire::Observation& observation, const wire::Frame& frame) {
  if (reigns_.begins(observation.message)) leaders_ += 1;
  monitor::Fate fate;
  wire::Observation saved = observation;
  if (faults::RuleRunner* rules = rules_) {
    fate = rules->seen(observation, frame);
    saved.action = rules->last_action();
  }
  saved.time_ns -= started_ns_;
  if (saved.opened_ns) *saved.opened_ns -= std::min(started_ns_, *saved.opened_ns);
  log_.append(std::move(saved));
  return fate;
}

void MessageWatch::opaque(history::DirectedPair pair, std::uint64_t connection,
                          const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (not_understood_.size() >= kMostSentences) return;
  not_understood_.push_back(
      fmt::format("n{}>n{} on connection {}: {}", pair.from.value, pair.to.value, connection, why));
}

void MessageWatch::refused(std::uint64_t id, const std::string& why) {
  if (faults::RuleRunner* rules = rules_) rules->refused(id, why);
}

void MessageWatch::lost(std::uint64_t ticket) {
  if (faults::RuleRunner* rules = rules_) rules->lost(ticket);
}

std::vector<std::string> MessageWatch::not_understood() const {
  const std::lock_guard lock(mutex_);
  return not_understood_;
}

}  // namespace check::run
