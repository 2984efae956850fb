// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/raftkv_client.h"

#include "check/cluster/answers.h"
#include "check/cluster/raftkv_cluster.h"

namespace check::cluster {
namespace {

using Kind = RespReply::Kind;

// A reply to a change that is not what was hoped for.
Answer refused(RespReply reply) {
  if (reply.kind != Kind::Error) return unknown("unexpected reply: " + reply.text);
  if (reply.text.starts_with("NOTDONE")) return certainly_not(std::move(reply.text));
  return unknown(std::move(reply.text));
}

}  // namespace

std::unique_ptr<RaftClient> RaftkvClient::createClient(RaftClusterConfig* config) {
  const auto* cluster = dynamic_cast<const ProcessCluster*>(config);
  CHECK(cluster != nullptr);
  return std::unique_ptr<RaftClient>(new RaftkvClient(*cluster));
}

base::Status RaftkvClient::connect(NodeId node, std::chrono::milliseconds timeout) {
  timeout_ = timeout;
  resp_ = RespClient(cluster_.hosts().address(node), RaftkvCluster::kClientPort);
  return resp_.open(Deadline::after(timeout));
}

Exchange<RespReply> RaftkvClient::call(std::initializer_list<std::string_view> words) {
  return resp_.call(std::span(words.begin(), words.size()), Deadline::after(timeout_));
}

Answer RaftkvClient::read(const std::string& key) {
  Exchange<RespReply> exchange = call({"GET", key});
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_read(std::move(*broken));
  auto& reply = std::get<RespReply>(exchange);
  if (reply.kind == Kind::Nil) return was_read(std::nullopt);
  if (reply.kind == Kind::Text) return was_read(std::move(reply.text));
  return certainly_not(std::move(reply.text));
}

Answer RaftkvClient::write(const std::string& key, const std::string& value) {
  Exchange<RespReply> exchange = call({"SET", key, value});
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_change(std::move(*broken));
  auto& reply = std::get<RespReply>(exchange);
  if (reply.kind == Kind::Text && reply.text == "OK") return done();
  return refused(std::move(reply));
}

Answer RaftkvClient::cas(const std::string& key, const history::Value& expected,
                         const std::string& desired) {
  Exchange<RespReply> exchange = expected ? call({"SET", key, desired, "IFEQ", *expected, "GET"})
                                          : call({"SET", key, desired, "NX", "GET"});
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_change(std::move(*broken));
  auto& reply = std::get<RespReply>(exchange);
  if (reply.kind != Kind::Nil && reply.kind != Kind::Text) return refused(std::move(reply));
  history::Value found;
  if (reply.kind == Kind::Text) found = std::move(reply.text);
  return found == expected ? done() : found_instead(std::move(found));
}

Answer RaftkvClient::append(const std::string& key, const std::string& piece) {
  Exchange<RespReply> exchange = call({"APPEND", key, piece});
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_change(std::move(*broken));
  auto& reply = std::get<RespReply>(exchange);
  return reply.kind == Kind::Integer ? done() : refused(std::move(reply));
}

}  // namespace check::cluster
