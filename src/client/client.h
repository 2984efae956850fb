// SPDX-License-Identifier: Apache-2.0
// A client of raftkv for our own tools: one command at a time, on to the next node when one fails.
//
//   client::Client client({{"127.0.0.1", 6379}, ...}, std::chrono::seconds(5));
//   const client::Outcome outcome = client.call({"SET", "x", "1"}, client::Effect::Write);
//
// What certainly did not happen is tried again, at another node, until the time is over. A write
// that may have happened is not: the caller has to know.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "os/connection.h"
#include "os/net.h"
#include "resp/reply.h"

namespace client {

enum class Effect { Read, Write };

// The server's answer; possibly an error of the command itself, such as a wrong type.
struct Done {
  resp::Reply reply;
};
struct NotDone {
  std::string why;
};
struct Unknown {
  std::string why;
};
using Outcome = std::variant<Done, NotDone, Unknown>;

// What a server's reply to a command says about it: its first word does (docs/raftkv.md).
Outcome classify(resp::Reply reply);

class Client {
 public:
  // Requires: at least one node. `patience`: for one call, with all attempts.
  Client(std::vector<os::HostPort> nodes, std::chrono::milliseconds patience);

  // Blocks until there is an outcome. A read is never Unknown.
  Outcome call(std::initializer_list<std::string_view> words, Effect effect);

 private:
  using Time = std::chrono::nanoseconds;

  Outcome attempt(const std::string& request, Time deadline);
  base::Status connect(Time deadline);
  base::Result<resp::Reply> receive(Time deadline);
  void next_node();

  std::vector<os::HostPort> nodes_;
  std::chrono::milliseconds patience_;
  std::size_t node_ = 0;
  std::optional<os::Connection> connection_;
};

}  // namespace client
