// SPDX-License-Identifier: Apache-2.0
#include "server/commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "golden/golden.h"
#include "session/command.h"

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
std::string show(const kv::MSetIfAbsent& mset) {
  std::string text = "mset-if-absent";
  for (const kv::KeyValue& pair : mset.pairs) text += " " + pair.key + "=" + pair.value;
  return text;
}
std::string show(const kv::GetDel& get) { return "getdel " + get.key; }
std::string show(kv::DeleteAll /*all*/) { return "delete-all"; }
std::string show(const kv::GetRange& range) {
  return "getrange " + range.key + " " + std::to_string(range.first) + " to " +
         std::to_string(range.last);
}
std::string show(const kv::Type& type) { return "type " + type.key; }
std::string show(const kv::TimeToLive& time) { return "ttl " + time.key; }
std::string show(const kv::Scan& scan) {
  return "scan from " + std::to_string(scan.cursor) + " count " + std::to_string(scan.count) +
         " match " + scan.pattern;
}

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

std::string show_session(const std::string& payload) {
  const base::Result<session::Command> command = session::decode(payload);
  if (std::holds_alternative<session::Open>(command.value())) return "open a session";
  if (const auto* close = std::get_if<session::Close>(&command.value())) {
    return "close session " + std::to_string(close->session.value());
  }
  const auto& numbered = std::get<session::Numbered>(command.value());
  const base::Result<kv::Command> inner = kv::decode_command(numbered.command);
  return "session " + std::to_string(numbered.session.value()) + " sequence " +
         std::to_string(numbered.sequence.value()) + " first " +
         std::to_string(numbered.first_unanswered.value()) + ": " +
         std::visit([](const auto& one) { return show(one); }, inner.value());
}

std::string show(const AddMember& add) {
  return "add " + std::to_string(add.id.value) + " at " + add.address.text();
}
std::string show(PromoteMember promote) { return "promote " + std::to_string(promote.id.value); }
std::string show(RemoveMember remove) { return "remove " + std::to_string(remove.id.value); }
std::string show(TransferLeadership transfer) {
  return "transfer to " + (transfer.to ? std::to_string(transfer.to->value) : "anybody");
}
std::string show(TakeSnapshot /*take*/) { return "snapshot"; }

std::string show(const Action& action) {
  if (const auto* ask = std::get_if<Ask>(&action)) {
    if (ask->admin != nullptr) {
      return "admin: " + std::visit([](const auto& one) { return show(one); }, *ask->admin);
    }
    if (!ask->is_write()) {
      const base::Result<kv::Query> query = kv::decode_query(ask->query);
      return "read: " + std::visit([](const auto& one) { return show(one); }, query.value());
    }
    if (!session::is_plain(*ask->command)) return show_session(*ask->command);
    const base::Result<kv::Command> command = kv::decode_command(*ask->command);
    return "write: " + std::visit([](const auto& one) { return show(one); }, command.value());
  }
  const auto& answered = std::get<Answered>(action);
  return show_reply(answered.reply) + (answered.then_close ? "\nclose" : "");
}

class FixedNode final : public NodeView {
 public:
  std::string info(std::span<const std::string_view> sections) const override {
    std::string text = "info of";
    for (const std::string_view section : sections) text += " " + std::string(section);
    return text;
  }
  std::size_t max_clients() const override { return 77; }
  Status status() const override {
    Status status;
    status.id = {1};
    status.role = "leader";
    status.term = 3;
    status.leader = raft::NodeId{1};
    status.members = {{{1}, "a:1", "voter", true, std::nullopt}, {{2}, "b:1", "voter", false, 7}};
    return status;
  }
  std::string why_not_leader() const override { return "It leads."; }
};

TEST(Commands, MatchGoldenFile) {
  Session session;
  session.id = 7;
  const FixedNode node;
  golden::run(TESTDATA "/commands.txt", [&](const golden::Case& c) {
    const std::vector<std::string> words = split(c.arguments.at("words"));
    const std::vector<std::string_view> views(words.begin(), words.end());
    return show(interpret(views, session, node));
  });
}

TEST(Commands, AreListedOnceEachInCapitals) {
  std::vector<std::string_view> names;
  for (const CommandSpec* spec : all_commands()) {
    names.push_back(spec->name);
    EXPECT_EQ(find_command(spec->name), spec);
    EXPECT_FALSE(spec->summary.empty());
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace server
