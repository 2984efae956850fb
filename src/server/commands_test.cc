// SPDX-License-Identifier: Apache-2.0
#include "server/commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "golden/golden.h"

namespace server {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) words.push_back(item);
  return words;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

std::string show(const kv::Condition& condition) {
  if (std::holds_alternative<kv::IfAbsent>(condition)) return " if-absent";
  if (std::holds_alternative<kv::IfPresent>(condition)) return " if-present";
  if (const auto* equal = std::get_if<kv::IfEqual>(&condition)) return " if=" + equal->expected;
  return "";
}

std::string show(const kv::Set& set) {
  return "set " + set.key + " " + set.value + show(set.condition) + (set.get ? " get" : "");
}
std::string show(const kv::Del& del) { return "del" + join(del.keys); }
std::string show(const kv::Increment& increment) {
  return "increment " + increment.key + " by " + std::to_string(increment.by);
}
std::string show(const kv::Append& append) { return "append " + append.key + " " + append.suffix; }
std::string show(const kv::MSet& mset) {
  std::string text = "mset";
  for (const kv::KeyValue& pair : mset.pairs) text += " " + pair.key + "=" + pair.value;
  return text;
}
std::string show(const kv::Get& get) { return "get " + get.key; }
std::string show(const kv::MGet& mget) { return "mget" + join(mget.keys); }
std::string show(const kv::Exists& exists) { return "exists" + join(exists.keys); }
std::string show(const kv::Strlen& strlen) { return "strlen " + strlen.key; }
std::string show(kv::DbSize /*dbsize*/) { return "dbsize"; }

// One line a line of the reply.
std::string show_reply(const std::string& reply) {
  std::string text = reply;
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  // Golden files end a case at an empty line.
  for (std::size_t at = text.find("\n\n"); at != std::string::npos; at = text.find("\n\n", at + 2))
    text.insert(at + 1, "(empty)");
  return text;
}

std::string show(const Action& action) {
  if (const auto* ask = std::get_if<Ask>(&action)) {
    if (!ask->is_write())
      return "read: " + std::visit([](const auto& query) { return show(query); }, ask->query);
    const base::Result<kv::Command> command = kv::decode_command(*ask->command);
    return "write: " + std::visit([](const auto& one) { return show(one); }, command.value());
  }
  const auto& answered = std::get<Answered>(action);
  return show_reply(answered.reply) + (answered.then_close ? "\nclose" : "");
}

TEST(Commands, MatchGoldenFile) {
  Session session;
  session.id = 7;
  const Info info = [](std::string_view section) { return "info of " + std::string(section); };
  golden::run(TESTDATA "/commands.txt", [&](const golden::Case& c) {
    const std::vector<std::string> words = split(c.arguments.at("words"));
    const std::vector<std::string_view> views(words.begin(), words.end());
    return show(interpret(views, session, info));
  });
}

TEST(Commands, AreListedOnceEachInCapitals) {
  std::vector<std::string_view> names;
  for (const auto commands : {data_commands(), connection_commands()}) {
    for (const CommandSpec& spec : commands) {
      names.push_back(spec.name);
      EXPECT_EQ(find_command(spec.name), &spec);
      EXPECT_FALSE(spec.summary.empty());
    }
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace server
