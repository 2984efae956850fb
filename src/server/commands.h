// SPDX-License-Identifier: Apache-2.0
// The commands of Redis that raftkv knows: from words to what is to be done. docs/raftkv.md lists
// them for users.
//
//   interpret({"SET", "x", "1"})  -->  Ask, a write      goes through the log
//   interpret({"GET", "x"})       -->  Ask, a read       goes to the leader
//   interpret({"RAFT", "ADD" ..}) -->  Ask, of an operator
//   interpret({"PING"})           -->  Answered          done here and now
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/pipeline.h"
#include "server/session.h"
#include "server/status.h"

namespace server {

// So that comparing it with a pattern is soon done.
inline constexpr std::size_t kMaxKeyBytes = std::size_t{64} * 1024;

using Words = std::span<const std::string_view>;

struct Answered {
  std::string reply;  // In the Redis protocol.
  bool then_close = false;
};
using Action = std::variant<Answered, Ask>;

// Requires: `words` is not empty.
Action interpret(Words words, Session& session, const NodeView& node);

// The commands of one file each: what `interpret` looks up.
struct Call {
  Words words;  // The command's name is words[0].
  Session& session;
  const NodeView& node;
};
struct CommandSpec {
  std::string_view name;   // In capitals.
  int arity = 0;           // As Redis counts: with the name; -n: at least n.
  std::string_view flags;  // For COMMAND: "write", "readonly", "fast".
  int first_key = 0;       // For COMMAND.
  int last_key = 0;
  int key_step = 0;
  std::string_view summary;
  Action (*run)(const Call& call);
};
std::span<const CommandSpec> data_commands();        // commands_data.cc
std::span<const CommandSpec> connection_commands();  // commands_connection.cc
std::span<const CommandSpec> session_commands();     // commands_session.cc
std::span<const CommandSpec> raft_commands();        // commands_raft.cc
std::vector<const CommandSpec*> all_commands();

const CommandSpec* find_command(std::string_view name);

// Helpers of the above.
Answered error_answer(const Call& call, std::string_view text);
std::string lower(std::string_view text);
bool equals_ignoring_case(std::string_view one, std::string_view other);

}  // namespace server
