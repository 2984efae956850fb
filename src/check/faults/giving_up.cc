// SPDX-License-Identifier: Apache-2.0
#include "check/faults/giving_up.h"

#include <time.h>

#include <chrono>

namespace check::faults {

namespace {

constexpr std::chrono::milliseconds kGivesUpWithin{500};
constexpr timespec kShortWait{0, 5'000'000};

}  // namespace

bool gives_up(const cluster::Hosts& hosts, history::NodeId node) {
  const auto limit = std::chrono::steady_clock::now() + kGivesUpWithin;
  while (hosts.running(node)) {
    if (std::chrono::steady_clock::now() > limit) return false;
    ::nanosleep(&kShortWait, nullptr);
  }
  return true;
}

base::Status start_again(cluster::RaftClusterConfig& config, history::NodeId node) {
  TRY([[maybe_unused]] auto rest, config.kill(node));  // What it may have left behind.
  return config.start(node);
}

}  // namespace check::faults
