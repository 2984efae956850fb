// SPDX-License-Identifier: Apache-2.0
// The binary forms of commands, queries and replies.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/prng.h"
#include "golden/golden.h"
#include "kv/command.h"
#include "kv/machine.h"
#include "kv/reply.h"
#include "kv/show_test.h"

namespace kv {
namespace {

std::string hex(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    if (!text.empty()) text += ' ';
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

const std::vector<std::pair<std::string, Command>>& commands() {
  static const std::vector<std::pair<std::string, Command>> all = {
      {"set", Set{"k", "v", Always{}, false}},
      {"set-nx-get", Set{"k", "v", IfAbsent{}, true}},
      {"set-xx", Set{"k", "v", IfPresent{}, false}},
      {"set-ifeq", Set{"k", "new", IfEqual{"old"}, false}},
      {"del", Del{{"a", "bc"}}},
      {"incr", Increment{"n", 1}},
      {"decr", Increment{"n", -2}},
      {"append", Append{"k", "tail"}},
      {"mset", MSet{{{"a", "1"}, {"b", ""}}}},
      {"msetnx", MSetIfAbsent{{{"a", "1"}}}},
      {"getdel", GetDel{"k"}},
      {"flushall", DeleteAll{}},
  };
  return all;
}

const std::vector<std::pair<std::string, Query>>& queries() {
  static const std::vector<std::pair<std::string, Query>> all = {
      {"get", Get{"k"}},       {"mget", MGet{{"a", "b"}}}, {"exists", Exists{{"a"}}},
      {"strlen", Strlen{"k"}}, {"dbsize", DbSize{}},       {"getrange", GetRange{"k", 1, -2}},
      {"type", Type{"k"}},     {"ttl", TimeToLive{"k"}},   {"scan", Scan{5, 10, "a*"}},
  };
  return all;
}

const std::vector<std::pair<std::string, Reply>>& replies() {
  static const std::vector<std::pair<std::string, Reply>> all = {
      {"status", {Status{"OK"}}}, {"error", {Error{"ERR no"}}},
      {"integer", {Integer{-1}}}, {"bulk", {Bulk{"v"}}},
      {"nil", {Nil{}}},           {"array", {Array{{{Bulk{"a"}}, {Nil{}}}}}},
  };
  return all;
}

template <class Value>
const Value* find(const std::vector<std::pair<std::string, Value>>& all, const std::string& name) {
  for (const auto& [each, value] : all) {
    if (each == name) return &value;
  }
  return nullptr;
}

std::string decoded(const golden::Case& c) {
  const std::string bytes = unhex(c.arguments.at("hex"));
  const auto outcome = [](const auto& result) {
    return result.ok() ? std::string("fine") : result.error().message;
  };
  if (c.command == "decode-command") return outcome(decode_command(bytes));
  if (c.command == "decode-query") return outcome(decode_query(bytes));
  return outcome(decode_reply(bytes));
}

TEST(Encoding, WhatNearlyAllAreHasTheSameBytesAndIsKnown) {
  const std::string set = encode(Command(Set{"k", "v", {}, false}));
  EXPECT_EQ(encode_plain_set({"k", "v"}), set);
  ASSERT_TRUE(plain_set(set).has_value());
  EXPECT_EQ(plain_set(set)->key, "k");
  EXPECT_EQ(plain_set(set)->value, "v");
  const std::string get = encode(Query(Get{"k"}));
  EXPECT_EQ(encode_get("k"), get);
  EXPECT_EQ(plain_get(get), "k");
  EXPECT_EQ(encode(Reply{Status{"OK"}}), kEncodedOk);
  EXPECT_EQ(encode(Reply{Bulk{"v"}}), encode_bulk("v", 9));
  EXPECT_EQ(plain_bulk(encode_bulk("v", 0)), "v");
  for (std::size_t size = 0; size < set.size(); ++size) {
    EXPECT_FALSE(plain_set(set.substr(0, size)).has_value());
    if (size < get.size()) {
      EXPECT_FALSE(plain_get(get.substr(0, size)).has_value());
    }
  }
  EXPECT_FALSE(plain_set(set + "x").has_value());
  EXPECT_FALSE(plain_get(get + "x").has_value());
  EXPECT_FALSE(plain_bulk(encode(Reply{Nil{}})).has_value());
  for (const auto& [name, command] : commands()) {
    if (!std::holds_alternative<Set>(command)) {
      EXPECT_FALSE(plain_set(encode(command)).has_value()) << name;
    }
  }
}

TEST(Encoding, BytesAreThoseOfTheGoldenFile) {
  golden::run(TESTDATA "/encoding.txt", [](const golden::Case& c) {
    if (c.arguments.contains("hex")) return decoded(c);
    const std::string name = c.arguments.begin()->first;
    if (c.command == "command") return hex(encode(*find(commands(), name)));
    if (c.command == "query") return hex(encode(*find(queries(), name)));
    return hex(encode(*find(replies(), name)));
  });
}

TEST(Encoding, EveryValueComesBack) {
  for (const auto& [name, command] : commands()) {
    EXPECT_EQ(decode_command(encode(command)).value(), command) << name;
  }
  for (const auto& [name, query] : queries()) {
    EXPECT_EQ(decode_query(encode(query)).value(), query) << name;
  }
  for (const auto& [name, reply] : replies()) {
    EXPECT_EQ(decode_reply(encode(reply)).value(), reply) << name;
  }
}

TEST(Encoding, AReplyNestedTooDeepIsRefused) {
  std::string bytes;
  for (int depth = 0; depth < 100000; ++depth) bytes += std::string("\x06\x01\0\0\0", 5);
  EXPECT_EQ(decode_reply(bytes).error().message,
            "reply: arrays are nested too deep at byte " + std::to_string(5 * kMaxReplyDepth));
}

TEST(Encoding, DamagedBytesNeverStopTheMachineAndWhatDecodesEncodesTheSame) {
  base::Prng prng(seed_from_environment());
  std::vector<std::string> samples;
  for (const auto& [name, command] : commands()) samples.push_back(encode(command));
  for (const auto& [name, query] : queries()) samples.push_back(encode(query));
  for (const auto& [name, reply] : replies()) samples.push_back(encode(reply));
  Machine machine;
  for (int round = 0; round < 50000; ++round) {
    std::string bytes = samples[prng.between(0, samples.size() - 1)];
    for (std::uint64_t i = prng.between(1, 3); i > 0; --i) {
      bytes[prng.between(0, bytes.size() - 1)] = static_cast<char>(prng.next());
    }
    bytes.resize(prng.between(0, bytes.size()));
    (void)machine.apply(bytes);
    (void)machine.read(bytes);
    if (const auto command = decode_command(bytes); command.ok()) {
      ASSERT_EQ(encode(command.value()), bytes);
    }
    if (const auto reply = decode_reply(bytes); reply.ok()) {
      ASSERT_EQ(encode(reply.value()), bytes);
    }
  }
}

}  // namespace
}  // namespace kv
