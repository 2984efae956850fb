// SPDX-License-Identifier: Apache-2.0
// What the monitor tells of messages, on its way into the run's files.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "check/faults/rule_runner.h"
#include "check/monitor/message_watcher.h"
#include "check/run/leader_count.h"
#include "check/run/message_log.h"

namespace check::run {

class MessageWatch final : public monitor::MessageWatcher {
 public:
  // `started_ns`: the run's beginning on CLOCK_MONOTONIC. The log outlives this.
  MessageWatch(MessageLog& log, std::uint64_t started_ns) : log_(log), started_ns_(started_ns) {}

  // Who says what becomes of messages; without one they are handed on.
  void set_rules(faults::RuleRunner& rules) { rules_ = &rules; }

  monitor::Fate seen(const wire::Observation& observation, const wire::Frame& frame) override;
  void opaque(history::DirectedPair pair, std::uint64_t connection,
              const std::string& why) override;
  void refused(std::uint64_t id, const std::string& why) override;
  void lost(std::uint64_t ticket) override;

  // Any thread: how many leaders there were, by what they said.
  std::uint64_t leaders() const { return leaders_; }
  // Any thread: "n1>n2 on connection 3: why", of the directions that were not understood; of very
  // many the first ones.
  std::vector<std::string> not_understood() const;

 private:
  static constexpr std::size_t kMostSentences = 100;

  MessageLog& log_;
  const std::uint64_t started_ns_;
  std::atomic<faults::RuleRunner*> rules_ = nullptr;
  LeaderCount reigns_;  // Of the monitor's thread.
  std::atomic<std::uint64_t> leaders_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> not_understood_;  // Guarded by mutex_.
};

}  // namespace check::run
