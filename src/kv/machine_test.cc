// SPDX-License-Identifier: Apache-2.0
#include "kv/machine.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "golden/golden.h"
#include "kv/show_test.h"

namespace kv {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> items;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');) items.push_back(item);
  return items;
}

std::string argument(const golden::Case& c, const std::string& name) {
  const auto found = c.arguments.find(name);
  return found == c.arguments.end() ? "" : found->second;
}

Set parse_set(const golden::Case& c) {
  Set set{argument(c, "key"), argument(c, "value"), Always{}, c.arguments.contains("get")};
  if (c.arguments.contains("nx")) set.condition = IfAbsent{};
  if (c.arguments.contains("xx")) set.condition = IfPresent{};
  if (c.arguments.contains("ifeq")) set.condition = IfEqual{argument(c, "ifeq")};
  return set;
}

MSet parse_mset(const golden::Case& c) {
  MSet mset;
  const std::vector<std::string> items = split(argument(c, "pairs"));
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    mset.pairs.push_back({items[i], items[i + 1]});
  return mset;
}

// Each case goes to the machine as bytes, as it would through the log.
std::string answer(Machine& machine, const golden::Case& c) {
  const auto apply = [&](const Command& command) { return show(machine.apply(encode(command))); };
  const auto read = [&](const Query& query) {
    return show(decode_reply(machine.read(encode(query))).value());
  };
  const std::string key = argument(c, "key");
  if (c.command == "set") return apply(parse_set(c));
  if (c.command == "del") return apply(Del{split(argument(c, "keys"))});
  if (c.command == "incr") {
    const std::string by = argument(c, "by");
    return apply(Increment{key, by.empty() ? 1 : std::stoll(by)});
  }
  if (c.command == "append") return apply(Append{key, argument(c, "suffix")});
  if (c.command == "mset") return apply(parse_mset(c));
  if (c.command == "get") return read(Get{key});
  if (c.command == "mget") return read(MGet{split(argument(c, "keys"))});
  if (c.command == "exists") return read(Exists{split(argument(c, "keys"))});
  if (c.command == "strlen") return read(Strlen{key});
  if (c.command == "msetnx") return apply(MSetIfAbsent{parse_mset(c).pairs});
  if (c.command == "getdel") return apply(GetDel{key});
  if (c.command == "flushall") return apply(DeleteAll{});
  if (c.command == "type") return read(Type{key});
  if (c.command == "ttl") return read(TimeToLive{key});
  if (c.command == "getrange") {
    return read(GetRange{key, std::stoll(argument(c, "first")), std::stoll(argument(c, "last"))});
  }
  if (c.command == "scan") return read(Scan{0, 10, argument(c, "pattern")});
  if (c.command == "dbsize") return read(DbSize{});
  return "unknown case " + c.command;
}

TEST(Machine, AnswersAsInTheGoldenFile) {
  Machine machine;
  golden::run(TESTDATA "/machine.txt", [&](const golden::Case& c) { return answer(machine, c); });
}

TEST(Machine, MalformedPayloadsAreAnErrorAndChangeNothing) {
  Machine machine;
  (void)machine.apply(MSet{{{"a", "1"}, {"b", "2"}}});
  const std::uint64_t before = machine.digest();
  const std::string good = encode(Command(Set{"a", "other", IfEqual{"1"}, true}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Reply reply = machine.apply(std::string_view(good).substr(0, size));
    ASSERT_TRUE(std::holds_alternative<Error>(reply.value)) << size;
  }
  EXPECT_EQ(show(machine.apply(good + "x")),
            "(error) ERR command: bytes are left over at byte " + std::to_string(good.size()));
  EXPECT_EQ(show(machine.apply(encode(Query(Get{"a"})))),
            "(error) ERR command: unknown command at byte 1");
  EXPECT_EQ(show(decode_reply(machine.read(good)).value()),
            "(error) ERR query: unknown query at byte 1");
  EXPECT_EQ(machine.digest(), before);
}

TEST(Machine, EqualHistoriesHaveEqualDigestsAndDifferentStatesDoNot) {
  Machine one;
  Machine two;
  Machine joined;
  (void)one.apply(MSet{{{"a", "1"}, {"b", "2"}}});
  (void)two.apply(Set{"b", "2", Always{}, false});
  (void)two.apply(Set{"a", "1", Always{}, false});
  (void)joined.apply(Set{"a", "1b2", Always{}, false});
  EXPECT_EQ(one.digest(), two.digest());
  EXPECT_NE(one.digest(), joined.digest());
  EXPECT_NE(one.digest(), Machine().digest());
}

// However often a long value is named, what is made of it is bounded, and can be passed on.
TEST(Machine, TellsHowLongAnAnswerWillBe) {
  Machine machine;
  machine.apply(Command{Append{"a", std::string(1000, 'v')}});
  EXPECT_EQ(machine.answer_bytes(encode(Query{Get{"a"}})), 1000U);
  EXPECT_EQ(machine.answer_bytes(encode(Query{Get{"b"}})), 0U);
  EXPECT_EQ(machine.answer_bytes(encode(Query{GetRange{"a", 0, 9}})), 1000U);  // No less.
  EXPECT_EQ(machine.answer_bytes(encode(Query{MGet{{"a", "b", "a"}}})), 2000 + 3 * kListItemBytes);
  EXPECT_EQ(machine.answer_bytes(encode(Query{Strlen{"a"}})), 0U);
  EXPECT_EQ(machine.answer_bytes("no query"), 0U);
}

TEST(Machine, AListThatIsTooLongIsAnErrorAndNotCopied) {
  constexpr std::size_t kKeys = 6;
  Machine machine;
  (void)machine.apply(
      Set{"a", std::string(kMaxListBytes / kKeys - kListItemBytes, 'v'), Always{}, false});
  MGet query{std::vector<std::string>(kKeys, "a")};
  EXPECT_TRUE(std::holds_alternative<Array>(machine.read(query).value));
  EXPECT_LT(machine.read(encode(Query(query))).size() + 64, kMaxListBytes);
  query.keys.emplace_back("not there");
  EXPECT_EQ(show(machine.read(query)),
            "(error) ERR the answer is too long: 50331680 bytes, and 50331648 are allowed; ask for "
            "fewer keys at once");
}

}  // namespace
}  // namespace kv
