// SPDX-License-Identifier: Apache-2.0
#include "check/run/asking.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "check/run/connections.h"
#include "check/run/list_text.h"

namespace check::run {
namespace {

using history::Function;
using history::Outcome;

plan::Work queue() {
  plan::Work work;
  work.kind = plan::WorkKind::Queue;
  work.clients = 3;
  work.keys = 2;
  work.elements = 10;
  return work;
}

cluster::Answer answer(Outcome outcome) {
  cluster::Answer result;
  result.outcome = outcome;
  return result;
}

TEST(ListText, IsTheListOfItsElements) {
  EXPECT_EQ(list_of(std::nullopt), "[]");
  EXPECT_EQ(list_of(""), "[]");
  EXPECT_EQ(list_of(piece_of("17")), R"(["17"])");
  EXPECT_EQ(list_of(piece_of("17") + piece_of("a\"b")), R"(["17","a\"b"])");
  EXPECT_EQ(list_of(",,"), R"(["",""])");
}

TEST(ListText, ATextWhoseLastElementHasNoEndIsNone) {
  EXPECT_EQ(list_of("17,1"), std::nullopt);
  EXPECT_EQ(list_of("17"), std::nullopt);
}

TEST(Keys, AFullListGivesItsPlaceToTheNext) {
  const plan::Work work = queue();
  Keys keys(work);
  EXPECT_EQ(keys.newest(1), "k1");
  EXPECT_EQ(keys.newest_but_one(1), "k1");
  for (int k = 0; k < 10; ++k) EXPECT_EQ(keys.to_change(1), "k1");
  EXPECT_EQ(keys.newest(1), "k1");
  EXPECT_EQ(keys.to_change(1), "k3");
  EXPECT_EQ(keys.newest(1), "k3");
  EXPECT_EQ(keys.newest_but_one(1), "k1");
  EXPECT_EQ(keys.all(), (std::vector<std::string>{"k0", "k1", "k3"}));
}

TEST(Keys, OfRegistersStay) {
  plan::Work work = queue();
  work.kind = plan::WorkKind::Register;
  Keys keys(work);
  for (int k = 0; k < 100; ++k) EXPECT_EQ(keys.to_change(0), "k0");
  EXPECT_EQ(keys.all(), (std::vector<std::string>{"k0", "k1"}));
}

TEST(Asking, NoElementIsAppendedTwiceAndNoListGetsTooMany) {
  const plan::Work work = queue();
  Keys keys(work);
  base::Prng prng(1);
  std::set<std::string> elements;
  std::map<std::string, int> appends;
  for (std::uint32_t number = 0; number < work.clients; ++number) {
    const auto asking = Asking::create(work, number, keys);
    for (int k = 0; k < 200; ++k) {
      const Call call = asking->next(prng);
      EXPECT_TRUE(call.list);
      if (call.function == Function::Read) continue;
      EXPECT_EQ(call.function, Function::Append);
      EXPECT_TRUE(elements.insert(*call.written).second);
      appends[call.key] += 1;
    }
  }
  EXPECT_GT(elements.size(), 100U);
  for (const auto& [key, count] : appends) EXPECT_LE(count, 10) << key;
}

TEST(Asking, WhoGotNoAnswerAsksTheOtherKindNext) {
  const plan::Work work = queue();
  Keys keys(work);
  base::Prng prng(2);
  const auto asking = Asking::create(work, 0, keys);
  Call call = asking->next(prng);
  for (int k = 0; k < 20; ++k) {
    EXPECT_FALSE(asking->learn(call, answer(Outcome::Info)));
    const Call other = asking->next(prng);
    EXPECT_NE(other.function == Function::Read, call.function == Function::Read);
    call = other;
  }
}

TEST(Asking, ComparesWithTheNewestThatItKnows) {
  plan::Work work;
  work.keys = 1;
  work.read = work.write = 0;
  Keys keys(work);
  base::Prng prng(3);
  const auto asking = Asking::create(work, 0, keys);
  const Call first = asking->next(prng);
  EXPECT_EQ(first.function, Function::Cas);
  EXPECT_EQ(first.expected, std::nullopt);
  EXPECT_TRUE(asking->learn(first, answer(Outcome::Ok)));
  const Call second = asking->next(prng);
  EXPECT_EQ(second.expected, first.written);
  cluster::Answer mismatch = answer(Outcome::Fail);
  mismatch.found = "7";
  mismatch.found_known = true;
  EXPECT_TRUE(asking->learn(second, mismatch));
  EXPECT_EQ(asking->next(prng).expected, "7");
}

TEST(Round, PassesOverWhoDidNotAnswerForAWhile) {
  Round round(3, {1});
  std::string turns;
  const auto go = [&](int times) {
    turns.clear();
    for (int k = 0; k < times; ++k) turns += std::to_string(round.next().value);
    return turns;
  };
  EXPECT_EQ(go(4), "2312");
  round.unanswered();
  EXPECT_EQ(go(9), "313131312");
  for (int k = 0; k < 3; ++k) {
    round.next();
    round.unanswered();
  }
  EXPECT_EQ(go(1).size(), 1U);  // Somebody has to be asked.
}

TEST(Route, OfAClientThatStaysHasOneNode) {
  base::Prng prng(1);
  Route route(3, {2}, {});
  for (int k = 0; k < 10; ++k) {
    EXPECT_EQ(route.next(k % 2 == 0).value, 2U);
    route.unanswered(k % 2 == 0, prng);
  }
}

}  // namespace
}  // namespace check::run
