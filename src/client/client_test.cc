// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "client/link.h"
#include "client/session.h"
#include "os/clock.h"
#include "os/no_threads.h"

namespace client {
namespace {

constexpr std::chrono::milliseconds kPatience(3000);

// A node that gives each connection one reply (nothing: closes it) to its first bytes.
class ScriptedNode {
 public:
  explicit ScriptedNode(std::vector<std::string> replies)
      : listener_(std::move(os::listen_tcp({"127.0.0.1", 0})).value()),
        where_(os::local_address(listener_).value()),
        thread_([this, replies = std::move(replies)] { serve(replies); }) {}
  ScriptedNode(const ScriptedNode&) = delete;
  ScriptedNode& operator=(const ScriptedNode&) = delete;
  ~ScriptedNode() { thread_.join(); }

  const os::HostPort& where() const { return where_; }

 private:
  void serve(const std::vector<std::string>& replies) {
    for (const std::string& lines : replies) {
      wait(listener_.number());
      os::Connection connection(std::move(*os::accept_tcp(listener_).value()));
      answer(connection, lines);
    }
  }
  // A reply for each request: a connection that is closed with something unread in it loses what
  // was sent.
  static void answer(os::Connection& connection, std::string_view lines) {
    do {
      while (connection.input().empty()) {
        wait(connection.fd());
        if (!connection.receive()) return;
      }
      connection.consume(connection.input().size());
      std::size_t end = lines.find('\n') + 1;
      if (lines.starts_with('$')) end = lines.find('\n', end) + 1;  // The bytes are a line, too.
      connection.output() += lines.substr(0, end);
      (void)connection.flush();
      lines.remove_prefix(end);
    } while (!lines.empty());
  }
  static void wait(int fd) {
    pollfd one{fd, POLLIN, 0};
    poll(&one, 1, static_cast<int>(kPatience.count()));
  }

  os::Fd listener_;
  os::HostPort where_;
  std::thread thread_;
};

os::HostPort nobody() {
  const os::Fd socket = std::move(os::listen_tcp({"127.0.0.1", 0})).value();
  return os::local_address(socket).value();
}

TEST(Client, GoesOnToTheNextNodeWhenOneIsGoneOrDidNotDoIt) {
  const ScriptedNode refusing({"-NOTDONE no leader\r\n"});
  const ScriptedNode working({"+OK\r\n"});
  Client client({{nobody(), refusing.where(), working.where()}, kPatience});
  const Outcome outcome = client.call({"SET", "x", "1"}, Effect::Write);
  ASSERT_TRUE(std::holds_alternative<Done>(outcome));
  EXPECT_EQ(std::get<Done>(outcome).reply.text, "OK");
}

TEST(Client, DoesNotRepeatAWriteThatMayHaveHappened) {
  for (const char* reply : {"-UNKNOWN perhaps\r\n", ""}) {
    const ScriptedNode node({reply});
    Client client({{node.where()}, kPatience});
    EXPECT_TRUE(std::holds_alternative<Unknown>(client.call({"INCR", "x"}, Effect::Write)));
  }
}

TEST(Client, RepeatsARead) {
  const ScriptedNode node({"", "-UNKNOWN perhaps\r\n", "$1\r\n7\r\n"});
  Client client({{node.where()}, kPatience});
  const Outcome outcome = client.call({"GET", "x"}, Effect::Read);
  ASSERT_TRUE(std::holds_alternative<Done>(outcome));
  EXPECT_EQ(std::get<Done>(outcome).reply.text, "7");
}

TEST(Client, GivesUpInTimeWhenNobodyIsThere) {
  Client client({{nobody(), nobody()}, std::chrono::milliseconds(100)});
  EXPECT_TRUE(std::holds_alternative<NotDone>(client.call({"GET", "x"}, Effect::Read)));
}

// The second time, of the same question.
TEST(Link, DoesNotWaitForTheResolverLongerThanForTheRest) {
  const ScriptedNode node({"+OK\r\n"});
  const auto answer = std::make_shared<std::promise<os::HostPort>>();
  const auto asked = std::make_shared<std::atomic<int>>(0);
  Link link({"a-name", 1}, [asked, numbers = answer->get_future().share()](const os::HostPort&) {
    *asked += 1;
    return os::resolve(numbers.get());
  });
  for (int i = 0; i < 2; ++i) {
    const base::Status opened = link.open(os::steady_now() + std::chrono::milliseconds(20));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().message, "no address of a-name:1 in time");
  }
  answer->set_value(node.where());
  ASSERT_TRUE(link.open(os::steady_now() + kPatience).ok());
  EXPECT_EQ(*asked, 1);
  const std::string_view words[] = {"PING"};  // NOLINT
  EXPECT_TRUE(std::holds_alternative<Done>(link.call(words, os::steady_now() + kPatience)));
}

TEST(Link, FailsWhileNoThreadCanBeHadToLookANameUpAndThenTriesAgain) {
  const ScriptedNode node({"+OK\r\n"});
  Link link({"a-name", 1},
            [where = node.where()](const os::HostPort&) { return os::resolve(where); });
  {
    const os::NoThreads none;
    const base::Status opened = link.open(os::steady_now() + kPatience);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().message.find("cannot start a thread: "), 0U) << opened.error().message;
  }
  ASSERT_TRUE(link.open(os::steady_now() + kPatience).ok());
  const std::string_view words[] = {"PING"};  // NOLINT
  EXPECT_TRUE(std::holds_alternative<Done>(link.call(words, os::steady_now() + kPatience)));
}

TEST(Client, GoesWhereItIsSentWhenItAsksForTheLeader) {
  const ScriptedNode leader({"+OK\r\n:1\r\n"});
  const ScriptedNode other({"+OK\r\n-MOVED 0 " + leader.where().text() + "\r\n"});
  Client client({{other.where()}, kPatience, kPatience, true});
  const Outcome outcome = client.call({"INCR", "x"}, Effect::Write);
  ASSERT_TRUE(std::holds_alternative<Done>(outcome));
  EXPECT_EQ(std::get<Done>(outcome).reply.integer, 1);
  EXPECT_EQ(client.node(), leader.where());
}

TEST(Session, SendsAWriteAgainThatMayHaveHappened) {
  const ScriptedNode node({":17\r\n", "", "-UNKNOWN perhaps\r\n", ":1\r\n"});
  Client client({{node.where()}, kPatience});
  Session session(client);
  const Outcome outcome = session.write({"INCR", "x"});
  ASSERT_TRUE(std::holds_alternative<Done>(outcome));
  EXPECT_EQ(std::get<Done>(outcome).reply.integer, 1);
  EXPECT_EQ(session.id(), 17U);
}

TEST(Session, OpensAnotherWhenItIsGoneButNotIfTheWriteMayHaveHappened) {
  const ScriptedNode node(
      {":17\r\n-NOSESSION gone\r\n:18\r\n:5\r\n-UNKNOWN perhaps\r\n", "-NOSESSION gone\r\n"});
  Client client({{node.where()}, kPatience});
  Session session(client);
  EXPECT_TRUE(std::holds_alternative<Done>(session.write({"INCR", "x"})));
  EXPECT_EQ(session.id(), 18U);
  EXPECT_TRUE(std::holds_alternative<Unknown>(session.write({"INCR", "x"})));
}

TEST(Session, IsNotDoneWhenNobodyIsThere) {
  Client client({{nobody()}, std::chrono::milliseconds(100)});
  Session session(client);
  EXPECT_TRUE(std::holds_alternative<NotDone>(session.write({"INCR", "x"})));
}

TEST(Client, TakesTheErrorOfACommandForItsAnswer) {
  resp::Reply reply;
  reply.kind = resp::Reply::Kind::Error;
  reply.text = "ERR value is not an integer or out of range";
  EXPECT_TRUE(std::holds_alternative<Done>(classify(reply)));
}

}  // namespace
}  // namespace client
