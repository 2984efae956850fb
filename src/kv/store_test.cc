// SPDX-License-Identifier: Apache-2.0
// Stores that change under a Cut, and snapshots of them.
#include "kv/store.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/prng.h"
#include "kv/key_hash.h"
#include "kv/machine.h"
#include "kv/show_test.h"
#include "kv/snapshot.h"

namespace kv {
namespace {

using Pairs = std::map<std::string, std::string>;

Pairs contents(const Store& store) {
  Pairs pairs;
  for (const auto& [place, value] : store.values()) pairs.emplace(place.key, value);
  return pairs;
}

// One change, of few keys, so that keys come, go and come again.
void change(Store& store, base::Prng& prng) {
  const std::string key = "key" + std::to_string(prng.between(0, 40));
  const std::uint64_t what = prng.between(0, 100);
  if (what < 40) {
    store.set(key, std::to_string(prng.next()));
  } else if (what < 70) {
    (void)store.erase(key);
  } else if (what < 98) {
    store.append(key, "+");
  } else {
    store.clear();
  }
}

void visit(Cut& cut, Pairs& into, std::uint64_t most) {
  for (; most > 0; --most) {
    const auto pair = cut.next();
    if (!pair) return;
    const bool fresh = into.emplace(pair->key, pair->value).second;
    ASSERT_TRUE(fresh) << pair->key << " was visited twice";
  }
}

std::string all_of(machine::Snapshot& snapshot, std::size_t about_bytes) {
  std::string all;
  for (std::string piece; !(piece = snapshot.next(about_bytes)).empty();) all += piece;
  return all;
}

TEST(KeyHash, IsSipHash) {
  std::string bytes;
  for (char c = 0; c < 15; ++c) bytes += c;
  // The example of the paper's appendix A.
  EXPECT_EQ(siphash(0x0706050403020100U, 0x0f0e0d0c0b0a0908U, bytes), 0xa129ca6149be45e5U);
  EXPECT_LT(key_hash("x"), std::uint64_t{1} << 53U);
}

TEST(Store, FindsWhatItHoldsAndNothingElse) {
  base::Prng prng(seed_from_environment());
  Store store;
  for (int i = 0; i < 20'000; ++i) {
    // Grows to hundreds of keys, and back.
    const std::string key = "key" + std::to_string(prng.between(0, 1000));
    if (prng.between(0, 99) < (i / 4000 % 2 == 0 ? 70U : 30U)) {
      store.set(key, key);
    } else {
      (void)store.erase(key);
    }
    const std::string asked = "key" + std::to_string(prng.between(0, 1000));
    const std::string* found = store.find(asked);
    const bool there = store.values().contains(PlaceView(asked));
    ASSERT_EQ(found != nullptr, there) << asked;
    if (there) {
      ASSERT_EQ(*found, asked);
    }
  }
}

TEST(Cut, IsTheStoreAsItWasWhateverHappensSince) {
  base::Prng prng(seed_from_environment());
  for (int round = 0; round < 2000; ++round) {
    Store store;
    for (std::uint64_t i = prng.between(0, 60); i > 0; --i) change(store, prng);
    const Pairs before = contents(store);
    Pairs seen;
    {
      Cut cut(store);
      while (seen.size() < before.size() && prng.between(0, 50) > 0) {
        for (std::uint64_t i = prng.between(0, 8); i > 0; --i) change(store, prng);
        visit(cut, seen, prng.between(0, 4));
      }
      visit(cut, seen, 1000);
      ASSERT_FALSE(cut.next());
      EXPECT_EQ(cut.kept(), 0U);
    }
    ASSERT_EQ(seen, before) << "round " << round;
  }
}

TEST(Cut, KeepsNothingOfWhatItHasVisited) {
  Store store;
  for (const char* key : {"a", "b", "c"}) store.set(key, "1");
  Cut cut(store);
  const auto first = cut.next();
  ASSERT_TRUE(first);
  const std::string key(first->key);
  store.set(key, "2");
  EXPECT_EQ(cut.kept(), 0U);
  store.set(key == "a" ? "b" : "a", "2");
  EXPECT_EQ(cut.kept(), 1U);
}

TEST(Snapshot, RestoresTheSameStateWhereverItsBytesAreCut) {
  base::Prng prng(seed_from_environment());
  for (int round = 0; round < 200; ++round) {
    Machine one;
    for (std::uint64_t i = prng.between(0, 30); i > 0; --i) {
      const std::string value(prng.between(0, 300), 'v');
      (void)one.apply(Set{"key" + std::to_string(prng.between(0, 20)), value, Always{}, false});
    }
    const auto snapshot = one.snapshot();
    const std::uint64_t then = one.digest();
    (void)one.apply(Set{"later", "1", Always{}, false});
    const std::string bytes = all_of(*snapshot, prng.between(1, 500));
    Machine other;
    (void)other.apply(Set{"other", "1", Always{}, false});
    const auto restore = other.begin_restore();
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = prng.between(1, 400);
      ASSERT_TRUE(restore->add(std::string_view(bytes).substr(at, size)).ok());
      at += size;
    }
    ASSERT_EQ(other.size(), 1U) << "restored before it was finished";
    ASSERT_TRUE(restore->finish().ok());
    ASSERT_EQ(other.digest(), then);
  }
}

TEST(Snapshot, HasTheBytesOfTheExampleInTheDocuments) {
  Machine machine;
  (void)machine.apply(Set{"k", "value", Always{}, false});
  const auto snapshot = machine.snapshot();
  using namespace std::string_literals;
  EXPECT_EQ(all_of(*snapshot, 7),
            "SWKVSNAP\x01\0\0\0"s + "\x01\x01\0\0\0\x05\0\0\0kvalue"s + "\0\x01\0\0\0\0\0\0\0"s);
}

// What is said of `bytes`, and that nothing came of them.
std::string complaint(const std::string& bytes) {
  Machine machine;
  (void)machine.apply(Set{"k", "v", Always{}, false});
  const std::uint64_t before = machine.digest();
  std::string said = "nothing";
  {
    const auto restore = machine.begin_restore();
    base::Status status = restore->add(bytes);
    if (status.ok()) status = restore->finish();
    if (!status.ok()) said = status.error().message;
  }
  EXPECT_EQ(machine.digest(), before);
  return said;
}

TEST(Snapshot, SaysWhatIsWrongWithItAndChangesNothing) {
  using namespace std::string_literals;
  const std::string header = "SWKVSNAP\x01\0\0\0"s;
  const std::string pair = "\x01\x01\0\0\0\x01\0\0\0kv"s;
  const std::string end = "\0\x01\0\0\0\0\0\0\0"s;
  const std::string front = "snapshot of keys and values: ";
  EXPECT_EQ(complaint(""), front + "it ends too early at byte 0");
  EXPECT_EQ(complaint("SWKVSNAQ\x01\0\0\0"s), front + "it does not begin with SWKVSNAP at byte 0");
  EXPECT_EQ(complaint("SWKVSNAP\x02\0\0\0"s),
            front + "it is of version 2, this program reads 1 at byte 0");
  EXPECT_EQ(complaint(header + pair), front + "it ends too early at byte 23");
  EXPECT_EQ(complaint(header + pair + pair + end), front + "a key is out of order at byte 23");
  EXPECT_EQ(complaint(header + end),
            front + "its end counts other pairs than there are at byte 12");
  EXPECT_EQ(complaint(header + pair + end + "x"), front + "bytes come behind its end at byte 32");
  EXPECT_EQ(complaint(header + "\x07" + pair),
            front + "neither a pair nor the end begins here at byte 12");
  EXPECT_EQ(complaint(header + "\x01\x01\0\0\0\xff\xff\xff\xffk"s),
            front + "a key or a value is longer than 536870912 bytes at byte 12");
}

}  // namespace
}  // namespace kv
