// SPDX-License-Identifier: Apache-2.0
// An adapter as somebody outside the tree writes it: raftkv once more, from the installed headers
// and libraries alone. `seaworthy check --target ./liboutside.so` runs it.
#include <array>
#include <cstdlib>
#include <string>

#include "check/cluster/plugin.h"
#include "check/cluster/process_cluster.h"
#include "check/cluster/raftkv_cluster.h"
#include "check/cluster/resp_client.h"

namespace {

using namespace check::cluster;  // NOLINT: a single file, and the reader knows whose names these
                                 // are.

using check::history::Outcome;
using check::history::Value;

constexpr std::uint16_t kClients = 6379;
constexpr std::uint16_t kPeers = 7000;

class OutsideCluster final : public ProcessCluster {
 public:
  OutsideCluster(Hosts& hosts, std::string program)
      : ProcessCluster(hosts, "outside", "1"), program_(std::move(program)) {}

  bool ready(NodeId node) override { return ask(node, {"GET", "ready"}).has_value(); }

  base::Result<NodeStatus> status(NodeId node) override {
    const auto info = ask(node, {"INFO", "raft"});
    if (!info) return base::Error{base::ErrorCode::Unavailable, hosts().name(node) + " is silent"};
    return parse_info(*info);
  }

  std::unique_ptr<RaftClient> create_client() override;

 private:
  Command command(NodeId node) const override {
    const std::string peers = joined([this](NodeId peer) {
      return std::to_string(peer.value) + '=' + hosts().address(peer) + ':' +
             std::to_string(kPeers);
    });
    Command command;
    command.words = {program_,   "serve",
                     "--id",     std::to_string(node.value),
                     "--peers",  peers,
                     "--listen", hosts().address(node) + ':' + std::to_string(kClients),
                     "--data",   hosts().directory(node) + "/outside"};
    return command;
  }

  // The text of the reply, unless it is an error or there is none.
  std::optional<std::string> ask(NodeId node, std::array<std::string_view, 2> words) const {
    RespClient resp(hosts().address(node), kClients);
    const Exchange<RespReply> exchange = resp.call(words, Deadline::after(kProbeTimeout));
    const auto* reply = std::get_if<RespReply>(&exchange);
    if (reply == nullptr || reply->kind == RespReply::Kind::Error) return std::nullopt;
    return reply->text;
  }

  std::string program_;
};

class OutsideClient final : public RaftClient {
 public:
  explicit OutsideClient(const OutsideCluster& cluster) : cluster_(cluster) {}
  static std::unique_ptr<RaftClient> createClient(RaftClusterConfig* config) {
    return std::make_unique<OutsideClient>(static_cast<OutsideCluster&>(*config));
  }

  base::Status connect(NodeId node, std::chrono::milliseconds timeout) override {
    resp_ = RespClient(cluster_.hosts().address(node), kClients);
    timeout_ = timeout;
    return base::Done{};
  }
  Answer read(const std::string& key) override {
    const std::array<std::string_view, 2> words = {"GET", key};
    Answer answer = answer_to(words);
    if (answer.outcome == Outcome::Info) answer.outcome = Outcome::Fail;  // It had no effect.
    return answer;
  }
  Answer write(const std::string& key, const std::string& value) override {
    const std::array<std::string_view, 3> words = {"SET", key, value};
    return answer_to(words);
  }
  Answer cas(const std::string& key, const Value& expected, const std::string& desired) override {
    const std::string old = expected.value_or("");
    const std::array<std::string_view, 6> words = {"SET", key, desired, "IFEQ", old, "GET"};
    const std::array<std::string_view, 5> absent = {"SET", key, desired, "NX", "GET"};
    Answer answer = expected ? answer_to(words) : answer_to(absent);
    if (answer.outcome == Outcome::Ok && answer.found != expected) answer.outcome = Outcome::Fail;
    return answer;
  }
  void close() override { resp_.close(); }

 private:
  Answer answer_to(std::span<const std::string_view> words) {
    const Exchange<RespReply> exchange = resp_.call(words, Deadline::after(timeout_));
    Answer answer;
    const auto* reply = std::get_if<RespReply>(&exchange);
    if (reply == nullptr) {
      answer.note = std::get<Broken>(exchange).note;
      return answer;
    }
    if (reply->kind == RespReply::Kind::Error) {
      answer.outcome = reply->text.starts_with("NOTDONE") ? Outcome::Fail : Outcome::Info;
      answer.note = reply->text;
      return answer;
    }
    answer.outcome = Outcome::Ok;
    if (reply->kind == RespReply::Kind::Text) answer.found = reply->text;
    answer.found_known = true;
    return answer;
  }

  const OutsideCluster& cluster_;
  RespClient resp_;
  std::chrono::milliseconds timeout_{0};
};

std::unique_ptr<RaftClient> OutsideCluster::create_client() {
  return OutsideClient::createClient(this);
}

}  // namespace

SEAWORTHY_TARGET(hosts) {
  const char* program = std::getenv("RAFTKV");
  return new OutsideCluster(*hosts, program == nullptr ? "raftkv" : program);
}
