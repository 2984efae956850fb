// SPDX-License-Identifier: Apache-2.0
// The promise of the journal, at every call it makes: what a Receipt covers is recovered exactly,
// and what is recovered is the log as it was after some whole batch.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "io/testing/memory_disk.h"
#include "journal/journal.h"
#include "journal/workload_test.h"

namespace journal {
namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;
using io::testing::Survival;

constexpr int kSteps = 30;

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// What may be recovered: the log after the last batch whose sync() succeeded, or that of the batch
// that failed.
struct Written {
  Log promised;
  std::optional<Log> attempted;
  bool failed = false;

  bool allows(const Log& log) const { return log == promised || (attempted && log == *attempted); }
};

// Writes batches of one to three steps until the work is done or the disk fails.
Written write(Journal& journal, Workload& workload, std::uint64_t seed) {
  base::Prng batches(seed);
  Written run;
  run.promised = workload.log();
  for (int left = kSteps; left > 0;) {
    for (std::uint64_t size = batches.between(1, 3); size > 0 && left > 0; --size, --left) {
      journal.append(workload.next());
    }
    const auto receipt = journal.sync();
    if (!receipt.ok()) {
      run.attempted = workload.log();
      run.failed = true;
      // Dead: the same error again, without a look at the disk.
      EXPECT_EQ(journal.sync().error().message, receipt.error().message);
      return run;
    }
    EXPECT_EQ(receipt.value().step(), workload.step());
    run.promised = workload.log();
  }
  return run;
}

// Opens a new journal and writes; a fault during open leaves nothing promised.
Written open_and_write(MemoryDisk& disk, Workload& workload, std::uint64_t seed) {
  base::Result<Opened> opened = Journal::open(disk, small_config());
  if (!opened.ok()) {
    Written run;
    run.promised = workload.log();
    run.failed = true;
    return run;
  }
  Opened fresh = std::move(opened).value();
  return write(fresh.journal, workload, seed);
}

void expect_recovered(MemoryDisk& disk, const Written& run, Workload& workload,
                      bool crash_at_once) {
  auto again = Journal::open(disk, small_config());
  ASSERT_TRUE(again.ok()) << again.error().message;
  Opened opened = std::move(again).value();
  const Log log = log_of(opened);
  ASSERT_TRUE(run.allows(log)) << "recovered " << log.entries.size() << " entries, promised "
                               << run.promised.entries.size();
  // What was returned is durable, whatever the last process saw of its syncs: at once, or (by the
  // last crash below) with what comes after it.
  if (crash_at_once) {
    disk.crash(Survival::Nothing);
    auto once_more = Journal::open(disk, small_config());
    ASSERT_TRUE(once_more.ok()) << once_more.error().message;
    opened = std::move(once_more).value();
    ASSERT_TRUE(log_of(opened) == log);
  }

  // And life goes on.
  workload.restart(log);
  const Written more = write(opened.journal, workload, 5);
  ASSERT_FALSE(more.failed);
  disk.crash(Survival::Nothing);
  auto last = Journal::open(disk, small_config());
  ASSERT_TRUE(last.ok()) << last.error().message;
  opened = std::move(last).value();
  ASSERT_TRUE(log_of(opened) == more.promised);
}

struct Disaster {
  Fault fault = Fault::PowerCut;
  std::uint64_t call = 0;
  std::optional<Survival> crash;
  std::uint64_t seed = 0;
};

// False when the work was done before the fault came.
bool survive(const Disaster& disaster) {
  MemoryDisk disk(disaster.seed);
  Workload workload(disaster.seed);
  disk.plan(disaster.fault, disaster.call);
  const Written run = open_and_write(disk, workload, disaster.seed);
  if (!run.failed) return false;
  if (disaster.crash) disk.crash(*disaster.crash);
  expect_recovered(disk, run, workload, disaster.seed % 2 == 0);
  return true;
}

void survive_at_every_call(Fault fault, std::optional<Survival> crash, int seeds) {
  const std::uint64_t first = seed_from_environment();
  std::cout << "SEED=" << first << '\n';
  for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(seeds); ++seed) {
    std::uint64_t call = 1;
    for (; survive({fault, call, crash, seed}); ++call) {
      ASSERT_FALSE(testing::Test::HasFailure()) << "SEED=" << seed << " call " << call;
    }
    ASSERT_GT(call, 40U);
  }
}

TEST(Crash, AtEveryCallLosesNothingPromisedIfNothingUnsyncedSurvives) {
  survive_at_every_call(Fault::PowerCut, Survival::Nothing, 10);
}

TEST(Crash, AtEveryCallLosesNothingPromisedIfEverythingSurvives) {
  survive_at_every_call(Fault::PowerCut, Survival::Everything, 10);
}

TEST(Crash, AtEveryCallLosesNothingPromisedIfAnySectorsSurvive) {
  survive_at_every_call(Fault::PowerCut, Survival::Random, 60);
}

TEST(Error, AtEveryCallKillsTheJournalAndAnotherProcessRecoversWhatIsTrue) {
  survive_at_every_call(Fault::Error, std::nullopt, 40);
}

TEST(Error, AtEveryCallAndThenACrashLosesNothingPromised) {
  survive_at_every_call(Fault::Error, Survival::Random, 20);
}

// The first segment was written, but the directory's sync failed: no Receipt may rest on its name
// before a sync of the directory has succeeded.
TEST(Recovery, MakesTheNamesDurable) {
  MemoryDisk disk(1);
  disk.plan(Fault::Error, 5);  // After list, create, write and sync.
  ASSERT_EQ(Journal::open(disk, small_config()).error().message, "directory: sync: injected error");
  Workload workload(1);
  Opened opened = Journal::open(disk, small_config()).value();
  opened.journal.append(workload.next());
  ASSERT_TRUE(opened.journal.sync().ok());
  disk.crash(Survival::Nothing);
  opened = Journal::open(disk, small_config()).value();
  ASSERT_TRUE(log_of(opened) == workload.log());
}

// Half of a frame in front of zeros has a good header, a wrong body and no sector too few.
TEST(Recovery, LeavesNoZerosForAFrameToBeHalfWrittenOn) {
  const std::uint64_t first = seed_from_environment();
  for (std::uint64_t seed = first; seed < first + 100; ++seed) {
    MemoryDisk disk(seed);
    Workload workload(seed);
    Opened opened = Journal::open(disk, small_config()).value();
    opened.journal.append(workload.next());
    ASSERT_TRUE(opened.journal.sync().ok());
    const Log promised = workload.log();
    const std::string name = disk.list().value().front();
    disk.set_bytes(name, disk.bytes(name) + std::string(2 * io::kSectorBytes, '\0'));
    opened = Journal::open(disk, small_config()).value();
    workload.restart(promised);
    opened.journal.append(workload.next());
    disk.plan(Fault::Error, 1);
    ASSERT_FALSE(opened.journal.sync().ok());
    disk.unplan();
    auto again = Journal::open(disk, small_config());
    ASSERT_TRUE(again.ok()) << "SEED=" << seed << ": " << again.error().message;
    opened = std::move(again).value();
    const Log log = log_of(opened);
    ASSERT_TRUE(log == promised || log == workload.log()) << "SEED=" << seed;
  }
}

// A crash at one call, and while recovering from it a fault at a second. False if that recovery was
// over before the second.
bool fails_twice(std::uint64_t seed, std::uint64_t call, Fault fault, std::uint64_t second) {
  MemoryDisk disk(seed);
  Workload workload(seed);
  disk.plan(Fault::PowerCut, call);
  const Written run = open_and_write(disk, workload, seed);
  disk.crash(Survival::Random);
  disk.plan(fault, second);
  const bool opened = Journal::open(disk, small_config()).ok();
  disk.unplan();
  if (fault == Fault::PowerCut || second % 2 == 0) disk.crash(Survival::Random);
  expect_recovered(disk, run, workload, second % 2 == 0);
  return !opened;
}

TEST(Recovery, MayItselfFailAtEveryCall) {
  const std::uint64_t first = seed_from_environment();
  for (std::uint64_t seed = first; seed < first + 10; ++seed) {
    for (std::uint64_t call = 1; call < 200; call += 7) {
      for (const Fault fault : {Fault::Error, Fault::PowerCut}) {
        for (std::uint64_t second = 1; second < 60; ++second) {
          const bool failed = fails_twice(seed, call, fault, second);
          ASSERT_FALSE(testing::Test::HasFailure())
              << "SEED=" << seed << " call " << call << " then " << second;
          if (!failed) break;
        }
      }
    }
  }
}

}  // namespace
}  // namespace journal
