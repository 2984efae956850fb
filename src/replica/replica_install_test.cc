// SPDX-License-Identifier: Apache-2.0
// A snapshot that the state machine cannot load takes nothing from the log.
#include <gtest/gtest.h>

#include "journal/snapshot_layout.h"
#include "replica/group_test.h"

namespace replica {
namespace {

constexpr raft::EntryId kSnapshotEnd{raft::Term(1), raft::LogIndex(10)};

// Has no room for a state that comes.
class FullMachine final : public machine::StateMachine {
 public:
  void apply(std::span<const raft::Entry> commands,
             std::vector<machine::Answer>& answers) override {
    machine_.apply(commands, answers);
  }
  machine::Answer read(std::string_view query) const override { return machine_.read(query); }
  std::unique_ptr<machine::Snapshot> snapshot() override { return machine_.snapshot(); }
  std::unique_ptr<machine::Restore> begin_restore() override { return std::make_unique<NoRoom>(); }

 private:
  class NoRoom final : public machine::Restore {
   public:
    base::Status add(std::string_view /*bytes*/) override { return base::Done{}; }
    base::Status finish() override {
      return base::Error{base::ErrorCode::Io, "no room for the state"};
    }
  };
  kv::Machine machine_;
};

Config config_of_third() {
  Config config;
  config.raft.self = {3};
  config.raft.initial = raft::configuration_of({{1}, {2}, {3}});
  config.journal.node = {3};
  return config;
}

std::string file_of_snapshot() {
  io::testing::MemoryDisk disk(1);
  journal::SnapshotStore store =
      journal::SnapshotStore::open(disk, Config().journal.cluster).value();
  journal::SnapshotWriter writer =
      store.begin({kSnapshotEnd, raft::encode(config_of_third().raft.initial)}).value();
  EXPECT_TRUE(writer.finish(store).ok());
  return disk.bytes(journal::snapshot_name(kSnapshotEnd, journal::kSnapshotSuffix));
}

raft::AppendEntries noops(std::uint64_t first, std::uint64_t last) {
  raft::AppendEntries message{
      raft::Term(1), {raft::Term(1), raft::LogIndex(first - 1)}, raft::LogIndex(last), 0, {}};
  if (first == 1) message.previous = {};
  for (std::uint64_t i = first; i <= last; ++i) {
    message.entries.edit().push_back(
        {{raft::Term(1), raft::LogIndex(i)}, raft::EntryKind::Noop, nullptr});
  }
  return message;
}

TEST(Install, ThatFailsIsNotDurableInTheLog) {
  io::testing::MemoryDisk disk(1);
  Recorder recorder(disk);
  FullMachine full;
  {
    Replica replica = Replica::open({disk, full, recorder}, config_of_third()).value();
    replica.receive({1}, noops(1, 3));
    ASSERT_TRUE(replica.finish_turn().ok());
    ASSERT_EQ(replica.applied(), raft::LogIndex(3));

    const std::string file = file_of_snapshot();
    replica.receive({1}, raft::SnapshotChunk{raft::Term(1), kSnapshotEnd, 0, file.size(),
                                             std::make_shared<const std::string>(file)});
    const base::Status failed = replica.finish_turn();
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message, "no room for the state");
  }
  disk.crash(io::testing::Survival::Everything);
  // Without what cannot be loaded, the server is as before.
  const std::string name = journal::snapshot_name(kSnapshotEnd, journal::kSnapshotSuffix);
  ASSERT_TRUE(disk.remove(name).ok());
  kv::Machine machine;
  const base::Result<Replica> again = Replica::open({disk, machine, recorder}, config_of_third());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again.value().node().last(), (raft::EntryId{raft::Term(1), raft::LogIndex(3)}));
  EXPECT_EQ(again.value().node().floor(), raft::EntryId{});
  EXPECT_FALSE(again.value().is_damaged());
}

}  // namespace
}  // namespace replica
