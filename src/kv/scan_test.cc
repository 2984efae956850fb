// SPDX-License-Identifier: Apache-2.0
// Patterns, and walks over all keys in many calls.
#include <gtest/gtest.h>

#include <set>

#include "base/prng.h"
#include "golden/golden.h"
#include "kv/glob.h"
#include "kv/machine.h"
#include "kv/show_test.h"

namespace kv {
namespace {

struct Part {
  std::uint64_t cursor = 0;
  std::vector<std::string> keys;
};

Part scan(const Machine& machine, const Scan& query) {
  const Reply reply = machine.read(Query(query));
  const auto& items = std::get<Array>(reply.value).items;
  Part part{std::stoull(std::get<Bulk>(items[0].value).bytes), {}};
  for (const Reply& key : std::get<Array>(items[1].value).items) {
    part.keys.push_back(std::get<Bulk>(key.value).bytes);
  }
  return part;
}

TEST(Glob, MatchesAsInTheGoldenFile) {
  golden::run(TESTDATA "/glob.txt", [](const golden::Case& c) {
    const auto text = c.arguments.find("text");
    const bool found =
        matches(c.arguments.at("pattern"), text == c.arguments.end() ? "" : text->second);
    return found ? "yes" : "no";
  });
}

TEST(Glob, TakesNoLongerForManyStars) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(matches(pattern + "b", std::string(60'000, 'a')));
}

TEST(Scan, VisitsEachKeyThatStaysExactlyOnce) {
  base::Prng prng(seed_from_environment());
  for (int round = 0; round < 50; ++round) {
    Machine machine;
    std::set<std::string> staying;
    for (std::uint64_t i = prng.between(0, 200); i > 0; --i) {
      staying.insert("stay" + std::to_string(prng.between(0, 1000)));
    }
    for (const std::string& key : staying) (void)machine.apply(Set{key, "v", Always{}, false});
    std::multiset<std::string> seen;
    std::uint64_t cursor = 0;
    do {
      const Part part =
          scan(machine, {cursor, static_cast<std::uint32_t>(prng.between(0, 20)), "stay*"});
      seen.insert(part.keys.begin(), part.keys.end());
      cursor = part.cursor;
      const std::string other = "other" + std::to_string(prng.between(0, 50));
      if (prng.between(0, 1) == 0) {
        (void)machine.apply(Set{other, "v", Always{}, false});
      } else {
        (void)machine.apply(Del{{other}});
      }
    } while (cursor != 0);
    EXPECT_EQ(seen, (std::multiset<std::string>(staying.begin(), staying.end())));
  }
}

TEST(Scan, LooksAtAFewKeysACallAndAnyCursorIsFine) {
  Machine machine;
  for (int i = 0; i < 20'000; ++i) (void)machine.apply(Set{std::to_string(i), "", Always{}, false});
  EXPECT_EQ(scan(machine, {0, 7, "*"}).keys.size(), 7U);
  EXPECT_EQ(scan(machine, {0, 4'000'000'000U, "*"}).keys.size(), kMaxScanCount);
  EXPECT_TRUE(scan(machine, {0, 100, "no such key"}).keys.empty());
  const Part end = scan(machine, {~std::uint64_t{0}, 10, "*"});
  EXPECT_EQ(end.cursor, 0U);
  EXPECT_TRUE(end.keys.empty());
  EXPECT_LT(scan(machine, {0, 7, "*"}).cursor, std::uint64_t{1} << 53U);
}

}  // namespace
}  // namespace kv
