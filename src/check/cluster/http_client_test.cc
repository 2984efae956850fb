// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/http_client.h"

#include <gtest/gtest.h>

#include "check/cluster/canned_server.h"

namespace check::cluster {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{5000};
constexpr milliseconds kShort{100};
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunked =
    "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n"
    "X: y\r\n\r\n";

HttpClient client_of(const CannedServer& server) {
  return HttpClient(CannedServer::kLoopback, server.port());
}

Exchange<HttpResponse> ask(HttpClient& client, milliseconds timeout = kLong) {
  return client.post_json("/x", "{}", Deadline::after(timeout));
}

void expect_hello(const Exchange<HttpResponse>& exchange, unsigned status) {
  const auto* response = std::get_if<HttpResponse>(&exchange);
  ASSERT_NE(response, nullptr) << std::get<Broken>(exchange).note;
  EXPECT_EQ(response->status, status);
  EXPECT_EQ(response->body, "hello");
}

void expect_sent(const Exchange<HttpResponse>& exchange, const std::string& note) {
  const auto* broken = std::get_if<Broken>(&exchange);
  ASSERT_NE(broken, nullptr);
  EXPECT_TRUE(broken->sent);
  EXPECT_NE(broken->note.find(note), std::string::npos) << broken->note;
}

TEST(HttpClient, ReadsAnswersHoweverTheyAreCut) {
  for (const bool byte_by_byte : {false, true}) {
    const CannedServer server({{{kAnswer, kChunked, kAnswer}, byte_by_byte, false}});
    HttpClient client = client_of(server);
    expect_hello(ask(client), 200);
    expect_hello(ask(client), 400);
    expect_hello(ask(client), 200);
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(HttpClient, RefusedConnectionSentNothing) {
  HttpClient client(CannedServer::kLoopback, CannedServer::closed_port());
  const Exchange<HttpResponse> exchange = ask(client);
  ASSERT_TRUE(std::holds_alternative<Broken>(exchange));
  EXPECT_FALSE(std::get<Broken>(exchange).sent);
}

TEST(HttpClient, ConnectsAgainWhereTheServerClosedBetweenRequests) {
  const CannedServer server({{{kAnswer}, false, true}, {{kAnswer}, false, false}});
  HttpClient client = client_of(server);
  expect_hello(ask(client), 200);
  // The close may arrive after the next request has left: then that one is open, and the one after
  // it finds a new connection.
  const Exchange<HttpResponse> second = ask(client);
  if (const auto* broken = std::get_if<Broken>(&second)) {
    EXPECT_TRUE(broken->sent);
    expect_hello(ask(client), 200);
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, NeverSendsAgainWhatMayHaveArrived) {
  const CannedServer server({{{""}, false, true}, {{kAnswer}, false, false}});
  HttpClient client = client_of(server);
  expect_sent(ask(client), "");
  EXPECT_EQ(server.connections(), 1);
  expect_hello(ask(client), 200);
}

TEST(HttpClient, SilenceAndHalfAnAnswerEndAtTheDeadline) {
  for (const std::string& answer : {std::string(), kAnswer.substr(0, 20), kAnswer.substr(0, 42)}) {
    const CannedServer server({{{answer}, false, false}});
    HttpClient client = client_of(server);
    expect_sent(ask(client, kShort), "in time");
  }
}

TEST(HttpClient, AnswerCutShortIsNoAnswer) {
  for (const std::string& answer : {kAnswer.substr(0, 42), kChunked.substr(0, 60)}) {
    const CannedServer server({{{answer}, false, true}});
    HttpClient client = client_of(server);
    expect_sent(ask(client), "closed before it answered");
  }
}

TEST(HttpClient, WhatIsNotHttpIsNoAnswer) {
  for (const std::string& answer : {std::string("-ERR what is POST?\r\n"), kAnswer + kAnswer}) {
    const CannedServer server({{{answer}, false, false}});
    HttpClient client = client_of(server);
    expect_sent(ask(client), "not HTTP");
  }
}

TEST(HttpClient, EndlessAnswerIsCutOff) {
  const CannedServer server(
      {{{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + std::string(20U << 20U, 'x')},
        false,
        false}});
  HttpClient client = client_of(server);
  expect_sent(ask(client), "not HTTP");
}

}  // namespace
}  // namespace check::cluster
