// SPDX-License-Identifier: Apache-2.0
#include "check/search/searcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "check/plan/rule_check.h"
#include "check/plan/schedule.h"
#include "check/wire/encoder.h"

namespace check::search {
namespace {

using wire::MessageType;

std::uint64_t seed() {
  const char* given = std::getenv("SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

// What a run might show; the states are new the less often, the more there were.
Trace trace_of(const Searcher::Trial& trial) {
  using rules::Role;
  Trace trace;
  const std::string text = plan::write_plan(trial.plan);
  base::Prng prng(wire::hash_of(text));
  for (int k = 0; k < 30; ++k) trace.states.insert(prng.between(0, 5000));
  trace.talks = {{{MessageType::AppendEntries, Role::Leader, Role::Follower}, 900},
                 {{MessageType::AppendReply, Role::Follower, Role::Leader}, 900},
                 {{MessageType::Heartbeat, Role::Leader, Role::Follower}, 90},
                 {{MessageType::RequestVote, Role::Candidate, Role::Follower}, 8},
                 {{MessageType::RequestVoteReply, Role::Follower, Role::Candidate}, 5},
                 {{MessageType::InstallSnapshot, Role::Leader, Role::Unknown}, 1},
                 {{MessageType::Other, Role::Leader, Role::Unknown}, 70}};
  std::erase_if(trace.talks, [](const auto& talk) {
    return !wire::speaks(wire::Protocol::Etcd, talk.first.type);
  });
  return trace;
}

std::string plans(const Searcher::Options& options, int count) {
  Searcher searcher(options);
  searcher.learn(trace_of({}), 1000);
  std::string text;
  for (int k = 0; k < count; ++k) {
    const Searcher::Trial trial = searcher.next();
    text += plan::write_plan(trial.plan);
    searcher.learn(trace_of(trial), 1000 + trial.length);
  }
  return text;
}

TEST(Searcher, MakesTheSamePlansOfTheSameSeedAndTraces) {
  Searcher::Options options{.seed = seed(), .nodes = 5, .protocol = wire::Protocol::Etcd};
  const std::string one = plans(options, 60);
  EXPECT_EQ(one, plans(options, 60));
  options.seed += 1;
  EXPECT_NE(one, plans(options, 60));
}

TEST(Searcher, MakesPlansThatCanBeCarriedOut) {
  for (const wire::Protocol protocol : wire::kProtocols) {
    for (const std::uint32_t nodes : {3U, 5U}) {
      SCOPED_TRACE("protocol " + std::string(wire::name(protocol)) +
                   ", SEED=" + std::to_string(seed()));
      Searcher searcher({.seed = seed(), .nodes = nodes, .protocol = protocol});
      searcher.learn(trace_of({}), 1000);
      for (int k = 0; k < 150; ++k) {
        const Searcher::Trial trial = searcher.next();
        const std::string text = plan::write_plan(trial.plan);
        EXPECT_TRUE(trial.plan.has_faults()) << text;
        EXPECT_TRUE(plan::check_applicable(trial.plan, nodes).ok()) << text;
        EXPECT_TRUE(plan::check_rules(trial.plan.rules, protocol, {}).ok()) << text;
        EXPECT_LE(trial.length, kMostLength) << text;
        searcher.learn(trace_of(trial), 1000 + trial.length);
      }
    }
  }
}

// Of faults at the same time.
TEST(Searcher, MakesNoFaultsThatHideOneAnother) {
  const auto has = [](const plan::Plan& plan, const std::string& word) {
    const std::string text = plan::write_plan(plan);
    return text.find('"' + word + ' ') != std::string::npos ||
           text.find('"' + word + '"') != std::string::npos;
  };
  Searcher searcher({.seed = seed(), .nodes = 5, .protocol = wire::Protocol::Raftkv});
  searcher.learn(trace_of({}), 1000);
  int with_syncs = 0;
  for (int k = 0; k < 400; ++k) {
    const Searcher::Trial trial = searcher.next();
    const std::string text = plan::write_plan(trial.plan);
    const auto any = [&](const std::vector<std::string>& words) {
      return std::ranges::any_of(words, [&](const auto& word) { return has(trial.plan, word); });
    };
    const bool syncs = any({"kill-at-sync", "kill-after-sync", "sync-error"});
    const bool ruled = any({"cut", "cut-one-way", "isolate", "deafen", "mute"});
    const bool lanes = trial.plan.lanes.size() > 1;
    with_syncs += syncs ? 1 : 0;
    EXPECT_FALSE(syncs && (ruled || any({"partition", "rest"}))) << text;
    EXPECT_FALSE((ruled || (lanes && any({"partition"}))) &&
                 any({"delay all", "hold all", "hold leader"}))
        << text;
    for (const char* who : {"quiet kill-at-sync", "quiet sync-error", "sync-error all"}) {
      EXPECT_EQ(text.find(who), std::string::npos) << text;
    }
    for (const char* same :
         {"cut follower to", "cut to to", "cut leader leader", "cut from from"}) {
      EXPECT_EQ(text.find(same), std::string::npos) << text;
    }
    searcher.learn(trace_of(trial), 1000 + trial.length);
  }
  EXPECT_GT(with_syncs, 10);
}

TEST(Searcher, MakesNoRulesWhereNothingIsUnderstood) {
  Searcher searcher({.seed = seed(), .nodes = 3, .protocol = std::nullopt});
  searcher.learn(trace_of({}), 1000);
  for (int k = 0; k < 30; ++k) {
    EXPECT_TRUE(searcher.next().plan.rules.empty());
    searcher.learn({}, 1000);
  }
}

TEST(Searcher, KeepsWhatReachedNewStates) {
  Searcher searcher({.seed = seed(), .nodes = 3, .protocol = wire::Protocol::Etcd});
  searcher.learn(trace_of({}), 1000);
  bool made_of_others = false;
  for (int k = 0; k < 40; ++k) {
    const Searcher::Trial trial = searcher.next();
    made_of_others = made_of_others || !trial.from.empty();
    searcher.learn(trace_of(trial), 1000);
  }
  EXPECT_TRUE(made_of_others);
  Searcher blind({.seed = seed(), .nodes = 3, .protocol = wire::Protocol::Etcd, .how = How::Blind});
  for (int k = 0; k < 40; ++k) {
    const Searcher::Trial trial = blind.next();
    EXPECT_TRUE(trial.from.empty());
    blind.learn(trace_of(trial), 1000);
  }
}

TEST(Searcher, CountsEachStateOnce) {
  Searcher searcher({.seed = seed(), .nodes = 3, .protocol = wire::Protocol::Etcd});
  EXPECT_EQ(searcher.learn({.states = {1, 2, 3}, .talks = {}}, 1000), 3U);
  (void)searcher.next();
  EXPECT_EQ(searcher.learn({.states = {2, 3, 4}, .talks = {}}, 1000), 1U);
  EXPECT_EQ(searcher.states(), 4U);
}

TEST(Merits, FollowWhatPays) {
  Merits merits;
  EXPECT_EQ(merits.of("kill one"), 1000U);
  for (int k = 0; k < 20; ++k) {
    merits.reward({"kill one"}, 40, 1000);
    merits.reward({"pause one"}, 4, 1000);
  }
  EXPECT_GT(merits.of("kill one"), 1200U);
  EXPECT_LT(merits.of("pause one"), 600U);
  EXPECT_GT(merits.weight("pause one"), 0U);
}

}  // namespace
}  // namespace check::search
