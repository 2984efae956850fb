// SPDX-License-Identifier: Apache-2.0
#include "member/member.h"

#include <gtest/gtest.h>

#include "io/testing/memory_disk.h"
#include "kv/machine.h"

namespace member {
namespace {

constexpr raft::NodeId kSelf{1};
constexpr raft::NodeId kLeader{2};
constexpr raft::NodeId kThird{3};

// Takes everything and brings it nowhere: its peers are stopped, and their connections are not.
class StuckTransport final : public transport::Transport {
 public:
  void send(const raft::Envelope& /*envelope*/) override {}
  bool forward(raft::NodeId to, const codec::Forward& forward) override {
    forwarded.emplace_back(to, forward.sequence);
    return true;
  }
  void reply(transport::InboundId /*inbound*/, const codec::ForwardReply& /*reply*/) override {}
  void flush() override {}
  void on_time(std::chrono::nanoseconds /*now*/) override {}
  void set_peers(const transport::Peers& /*peers*/) override {}
  bool is_up(raft::NodeId /*peer*/) const override { return true; }
  std::map<raft::NodeId, transport::PeerStatistics> statistics() const override { return {}; }
  transport::Limits limits() const override { return {1 << 20, 1 << 20, 1 << 20}; }

  std::vector<std::pair<raft::NodeId, std::uint64_t>> forwarded;
};

class AnswersOnly final : public Owner {
 public:
  void on_answer(Token token, replica::Outcome outcome) override {
    EXPECT_TRUE(answers.emplace(token.first, std::move(outcome)).second) << token.first;
  }
  void on_flush() override {}
  void on_standing(const Standing& /*standing*/) override {}

  std::map<std::uint64_t, replica::Outcome> answers;
};

class MemberOfThree : public testing::Test {
 protected:
  MemberOfThree() {
    Member::Config config;
    config.replica.raft.self = config.replica.journal.node = kSelf;
    config.replica.raft.initial = raft::configuration_of({kSelf, kLeader, kThird});
    member_ = Member::open({disk_, machine_, owner_}, config, [&](transport::Listener&) {
                auto transport = std::make_unique<StuckTransport>();
                transport_ = transport.get();
                return base::Result<std::unique_ptr<transport::Transport>>(std::move(transport));
              }).value();
  }

  void hear(raft::NodeId leader, std::uint64_t term) {
    member_->on_message(leader, raft::AppendEntries{raft::Term(term), {}, {}, 0, {}});
    ASSERT_TRUE(member_->finish_turn().ok());
    ASSERT_EQ(member_->node().leader(), leader);
  }
  void tick() {
    member_->tick(std::chrono::nanoseconds(0), 0);
    ASSERT_TRUE(member_->finish_turn().ok());
  }
  std::uint32_t patience() const { return member_->node().config().election_ticks_max; }
  bool is_unknown(std::uint64_t token) const {
    const auto found = owner_.answers.find(token);
    return found != owner_.answers.end() && std::holds_alternative<replica::Unknown>(found->second);
  }

  io::testing::MemoryDisk disk_{1};
  kv::Machine machine_;
  AnswersOnly owner_;
  StuckTransport* transport_ = nullptr;
  std::unique_ptr<Member> member_;
};

TEST_F(MemberOfThree, GivesUpWhatALeaderHasThatOthersTookThePlaceOf) {
  hear(kLeader, 1);
  ASSERT_TRUE(member_->submit({1, 0}, kLeader, {{}, "query", {}}));
  hear(kThird, 2);
  ASSERT_TRUE(member_->submit({2, 0}, kThird, {{}, "query", {}}));
  for (std::uint32_t i = 0; i < patience(); ++i) {
    EXPECT_TRUE(owner_.answers.empty()) << "after " << i << " ticks";
    tick();
    hear(kThird, 2);
  }
  EXPECT_TRUE(is_unknown(1));
  EXPECT_EQ(owner_.answers.size(), 1U) << "the present leader may take its time";
  // Its answer comes after all.
  member_->on_forward_reply(kLeader, {transport_->forwarded.front().second, codec::ForwardDone{}});
  EXPECT_TRUE(is_unknown(1));
}

TEST_F(MemberOfThree, GivesUpWhatALeaderHasThatIsNotHeardOfAnyMore) {
  hear(kLeader, 1);
  ASSERT_TRUE(member_->submit({1, 0}, kLeader, {std::make_shared<std::string>("x"), {}, {}}));
  for (std::uint32_t i = 0; i < 2 * patience() + 1; ++i) tick();
  EXPECT_NE(member_->node().leader(), kLeader);
  EXPECT_TRUE(is_unknown(1));
}

}  // namespace
}  // namespace member
