// SPDX-License-Identifier: Apache-2.0
// Damage in two places, one of them the last frame: nothing tells any more how far the log went.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "io/testing/memory_disk.h"
#include "journal/kit/workload.h"
#include "journal/segment_log.h"

namespace journal {
namespace {

using io::kSectorBytes;
using io::testing::MemoryDisk;
using io::testing::Survival;

using Contents = std::map<std::string, std::string>;

Config segments_of(std::uint64_t segment_bytes) {
  Config config;
  config.cluster = 7;
  config.node = {1};
  config.segment_bytes = segment_bytes;
  config.prepare_bytes = 1024;
  return config;
}

Contents contents(MemoryDisk& disk) {
  Contents all;
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) all[name] = disk.bytes(name);
  return all;
}

void put_all(MemoryDisk& disk, const Contents& all) {
  for (const auto& [name, bytes] : all) {
    ASSERT_TRUE(disk.create(name).ok());
    disk.set_bytes(name, bytes);
  }
  ASSERT_TRUE(disk.sync_directory().ok());
}

bool is_zero(const std::string& bytes, std::size_t at) {
  return bytes.find_first_not_of('\0', at) >= at + kSectorBytes;
}

void spoil(std::string& bytes, std::size_t at) {
  bytes.replace(at, kSectorBytes, kSectorBytes, '?');
}

// Every sector that the last sync wrote.
Contents without_the_last(const Contents& before, const Contents& after) {
  Contents bad = after;
  for (auto& [name, bytes] : bad) {
    const auto old = before.find(name);
    for (std::size_t at = 0; at < bytes.size(); at += kSectorBytes) {
      const bool same = old != before.end() && at < old->second.size() &&
                        bytes.compare(at, kSectorBytes, old->second, at, kSectorBytes) == 0;
      if (!same && !is_zero(bytes, at)) spoil(bytes, at);
    }
  }
  return bad;
}

// What was promised is there, or the floor is not below it.
bool keeps(const Recovered& found, const kit::Model& model) {
  if (found.floor == kUnknownFloor) return true;
  return found.hard_state == model.hard_state &&
         (found.last() >= model.last() || found.floor >= model.last());
}

TEST(TwoDamages, OfWhichOneIsTheLastFrameNeverHideAPromise) {
  std::uint64_t unknown = 0;
  std::uint64_t known = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Config config = segments_of(seed % 2 == 0 ? 4'000 : 1U << 20U);
    MemoryDisk disk(seed);
    SegmentLog log(disk, config);
    ASSERT_TRUE(log.recover().ok());
    kit::Workload workload(seed);
    Contents before;
    for (std::uint64_t step = 0; step < 8 + seed % 5; ++step) {
      before = contents(disk);
      const kit::Step next = workload.next();
      log.append(next.change);
      ASSERT_TRUE(log.sync().ok());
    }
    const Contents bad = without_the_last(before, contents(disk));
    for (const auto& [name, bytes] : before) {
      for (std::size_t at = 0; at < bytes.size(); at += kSectorBytes) {
        if (is_zero(bytes, at)) continue;
        Contents worse = bad;
        spoil(worse[name], at);
        MemoryDisk copy(1);
        ASSERT_NO_FATAL_FAILURE(put_all(copy, worse));
        const base::Result<Recovered> found = SegmentLog(copy, config).recover();
        ASSERT_TRUE(found.ok()) << found.error().message;
        ASSERT_TRUE(keeps(found.value(), workload.model()))
            << "seed " << seed << " " << name << " byte " << at;
        (found.value().floor == kUnknownFloor ? unknown : known) += 1;
      }
    }
  }
  EXPECT_GT(unknown, 100U);
  EXPECT_GT(known, 100U);
}

}  // namespace
}  // namespace journal
