// SPDX-License-Identifier: Apache-2.0
// The disk says no, at every call in turn: nothing that was acknowledged is lost.
#include <gtest/gtest.h>

#include "journal/snapshot_layout.h"
#include "replica/group_test.h"

namespace replica {
namespace {

constexpr std::uint64_t kWrites = 12;

std::string key(std::uint64_t i) { return "key" + std::to_string(i); }

// Writes until the disk says no, and says which writes were acknowledged.
std::vector<std::uint64_t> write_on(Group& group, std::size_t bytes, bool& failed) {
  std::vector<std::uint64_t> done;
  for (std::uint64_t i = 1; i <= kWrites && !failed; ++i) {
    group[1].write(RequestId(i), set_command(key(i), std::string(bytes, 'v')));
    group[1].tick();
    failed = !group.turn({1}).ok();
    const auto answer = group.recorder(1).answers.find(RequestId(i));
    if (answer != group.recorder(1).answers.end() && std::holds_alternative<Done>(answer->second)) {
      done.push_back(i);
    }
  }
  return done;
}

void expect_all(Group& group, std::size_t bytes, const std::vector<std::uint64_t>& done) {
  group.elect();
  std::uint64_t request = 1'000;
  for (const std::uint64_t i : done) {
    const RequestId id(++request);
    group[1].read(id, query(kv::Get{key(i)}), std::nullopt);
    ASSERT_TRUE(group.turn({1}).ok());
    group.settle();
    const auto* answer = std::get_if<replica::Done>(&group.recorder(1).answers.at(id));
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->answer, kv::encode(kv::Reply{kv::Bulk{std::string(bytes, 'v')}})) << i;
  }
}

// A server that takes snapshots often, so that there is something of everything.
void make_busy(Group& group) {
  group.crash({1}, io::testing::Survival::Everything);
  group.policy.log_bytes = 1'000;
  group.policy.keep_entries = 2;
  group.start({1});
  group.elect();
}

class EveryKind : public testing::TestWithParam<journal::Kind> {};

TEST_P(EveryKind, AnErrorOfAnyCallLosesNothingThatWasAcknowledged) {
  std::uint64_t ended = 0;
  std::uint64_t call = 1;
  for (bool reached = true; reached; ++call) {
    Group group(1, call, GetParam());
    make_busy(group);
    const std::uint64_t before = group.disk(1).calls();
    group.disk(1).plan(io::testing::Fault::Error, call);
    bool failed = false;
    const std::vector<std::uint64_t> done = write_on(group, 300, failed);
    reached = group.disk(1).calls() - before >= call;
    ended += failed ? 1 : 0;
    if (!failed) {
      EXPECT_EQ(done.size(), kWrites) << call;
    }
    group.disk(1).unplan();
    group.crash({1}, io::testing::Survival::Random);
    group.start({1});
    ASSERT_NO_FATAL_FAILURE(expect_all(group, 300, done)) << "call " << call;
  }
  EXPECT_GT(call, 30U);   // Calls there were,
  EXPECT_GT(ended, 15U);  // most of which it does not survive.
}

TEST_P(EveryKind, AFullDiskLosesNothingThatWasAcknowledged) {
  constexpr std::size_t kBytes = 100'000;
  std::uint64_t ended = 0;
  for (std::uint64_t more = 0; more < 30 * kBytes; more += kBytes) {
    Group group(1, 1, GetParam());
    make_busy(group);
    std::uint64_t used = 0;
    const base::Result<std::vector<std::string>> names = group.disk(1).list();
    for (const std::string& name : names.value()) {
      used += group.disk(1).bytes(name).size();
    }
    group.disk(1).limit(used + more);
    bool failed = false;
    const std::vector<std::uint64_t> done = write_on(group, kBytes, failed);
    ended += failed ? 1 : 0;
    group.disk(1).limit(0);
    group.crash({1}, io::testing::Survival::Random);
    group.start({1});
    ASSERT_NO_FATAL_FAILURE(expect_all(group, kBytes, done)) << "room " << more;
  }
  EXPECT_GT(ended, 2U);
}

// Each byte of its log is another one, but for those by which it is known to be one: what was
// promised is lost, and in which term, too.
void spoil_log(io::testing::MemoryDisk& disk) {
  const base::Result<std::vector<std::string>> names = disk.list();
  for (const std::string& name : names.value()) {
    if (!name.ends_with(".journal") && !name.ends_with(".mapped")) continue;
    std::string bytes = disk.bytes(name);
    for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ 1);
    disk.set_bytes(name, bytes);
  }
}

TEST_P(EveryKind, AServerThatLostItsTermTakesNoPartAnyMore) {
  Group group(3, 1, GetParam());
  const std::uint32_t leader = group.elect();
  const std::uint32_t lost = leader % 3 + 1;
  group.crash({lost}, io::testing::Survival::Everything);
  spoil_log(group.disk(lost));
  for (int attempt = 1; attempt <= 2; ++attempt) {  // The first one makes it durable.
    kv::Machine machine;
    Recorder recorder(group.disk(lost));
    const base::Result<Replica> opened =
        Replica::open({group.disk(lost), machine, recorder}, group.config({lost}));
    ASSERT_FALSE(opened.ok()) << attempt;
    EXPECT_EQ(opened.error().code, base::ErrorCode::Corrupt);
    EXPECT_NE(opened.error().message.find("only a new server"), std::string::npos)
        << opened.error().message;
    EXPECT_EQ(opened.error().message.find(" at byte ") != std::string::npos, attempt == 1)
        << opened.error().message;
  }
}

// A log of which one byte does no harm: its header, or a slot, is there twice. Says where the
// damage is that does.
std::uint64_t spoil_twice(io::testing::MemoryDisk& disk, journal::Kind kind) {
  const std::string name = disk.list().value().front();
  std::string bytes = disk.bytes(name);
  bytes[8] = static_cast<char>(bytes[8] ^ 1);
  const bool mapped = kind == journal::Kind::Mapped;
  const std::size_t begin = mapped ? 1'024 : 1'536;
  const std::size_t end = mapped ? 2'048 : bytes.size();
  for (std::size_t i = begin; i < end; ++i) bytes[i] = '?';
  disk.set_bytes(name, bytes);
  return begin;
}

TEST_P(EveryKind, ARefusalNamesTheDamageThatIsTheReason) {
  Group group(3, 1, GetParam());
  const std::uint32_t leader = group.elect();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    group[leader].write(RequestId(i), set_command(key(i), std::string(2'000, 'v')));
    group.tick();
  }
  group.crash({leader}, io::testing::Survival::Everything);
  const std::uint64_t where = spoil_twice(group.disk(leader), GetParam());
  kv::Machine machine;
  Recorder recorder(group.disk(leader));
  const base::Result<Replica> opened =
      Replica::open({group.disk(leader), machine, recorder}, group.config({leader}));
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find(" at byte " + std::to_string(where) + ": nobody knows"),
            std::string::npos)
      << opened.error().message;
}

// Its log hangs in the air because the snapshot before it is damaged: that is named, too.
TEST_P(EveryKind, AServerWithoutOthersNamesTheSnapshotThatItCannotDoWithout) {
  Group group(1, 1, GetParam());
  make_busy(group);
  bool failed = false;
  (void)write_on(group, 300, failed);
  ASSERT_TRUE(group[1].snapshot());
  const raft::SnapshotMeta meta = group[1].snapshot()->meta;
  group.crash({1}, io::testing::Survival::Everything);
  {  // The log begins after it.
    journal::Opened log = journal::Journal::open(group.disk(1), group.config({1}).journal).value();
    raft::Effects effects;
    effects.step = raft::StepNumber(1);
    effects.install = raft::Install{meta, false};
    log.journal.append(effects);
    ASSERT_TRUE(log.journal.sync().ok());
  }
  const std::string name = journal::snapshot_name(meta.last, journal::kSnapshotSuffix);
  std::string bytes = group.disk(1).bytes(name);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  group.disk(1).set_bytes(name, bytes);
  kv::Machine machine;
  Recorder recorder(group.disk(1));
  const base::Result<Replica> opened =
      Replica::open({group.disk(1), machine, recorder}, group.config({1}));
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find(name + ": the snapshot is damaged at byte "),
            std::string::npos)
      << opened.error().message;
}

// Of `leader`, in one piece.
raft::SnapshotChunk chunk_of(Group& group, std::uint32_t leader) {
  const raft::EntryId last = group[leader].snapshot()->meta.last;
  const std::string bytes =
      group.disk(leader).bytes(journal::snapshot_name(last, journal::kSnapshotSuffix));
  return {group[leader].node().term(), last, 0, bytes.size(),
          std::make_shared<const std::string>(bytes)};
}

// A snapshot may be the first that a server hears of a term, and is durable at once. The power goes
// at each call to the disk in turn: no snapshot is there whose term the log does not know.
TEST_P(EveryKind, APowerCutWhileASnapshotComesIsNoDamage) {
  Group source(1, 1, GetParam());
  source.elect();
  source[1].write(RequestId(1), set_command(key(1), "v"));
  ASSERT_TRUE(source.turn({1}).ok());
  source[1].take_snapshot(RequestId(2));
  for (int i = 0; i < 10; ++i) source.tick();
  ASSERT_TRUE(source[1].snapshot());
  const raft::SnapshotChunk chunk = chunk_of(source, 1);
  std::uint64_t call = 1;
  for (bool cut = true; cut; ++call) {
    Group group(1, 1, GetParam());
    group.join({2});
    group.disk(2).plan(io::testing::Fault::PowerCut, call);
    group[2].receive({1}, chunk);
    cut = !group.turn({2}).ok();
    group.crash({2}, io::testing::Survival::Nothing);
    group.start({2});
    ASSERT_TRUE(group.is_up({2})) << call;
    EXPECT_TRUE(group[2].findings().empty()) << call;
    EXPECT_FALSE(group[2].is_damaged()) << call;
  }
  EXPECT_GT(call, 5U);
}

INSTANTIATE_TEST_SUITE_P(Disk, EveryKind,
                         testing::Values(journal::Kind::Segments, journal::Kind::Mapped));

}  // namespace
}  // namespace replica
