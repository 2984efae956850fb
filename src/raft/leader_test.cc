// SPDX-License-Identifier: Apache-2.0
#include "raft/leader.h"

#include <gtest/gtest.h>

namespace raft {
namespace {

// Nobody but the dead learner could answer, and nobody has to.
TEST(Leader, ThatVotesAloneRemembersFewRounds) {
  Config config;
  config.self = {1};
  config.lease.on = true;
  Configuration configuration = configuration_of({{1}});
  configuration.learners = configuration_of({{2}}).voters;
  const Membership membership(configuration, LogIndex());
  const Log log({Entry{{Term(1), LogIndex(1)}, EntryKind::Noop, nullptr}});
  Leader leader(std::make_shared<const Config>(config), Term(1), LogIndex(1), 0);
  leader.reconfigure(membership, log);
  Effects effects;
  std::uint64_t heartbeats = 0;
  for (std::uint64_t now = 1; now <= 10'000; ++now) {
    leader.set_now(now);
    effects.clear();
    leader.on_tick(log, effects);
    heartbeats += effects.send_now.size();
    ASSERT_LE(leader.rounds(), 2U) << now;
    ASSERT_TRUE(leader.has_lease() || now < config.heartbeat_ticks) << now;
  }
  EXPECT_GT(heartbeats, 1'000U);
}

}  // namespace
}  // namespace raft
