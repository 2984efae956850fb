// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/shim_client.h"

#include "check/cluster/answers.h"

namespace check::cluster {

using history::Outcome;

std::unique_ptr<RaftClient> ShimClient::createClient(RaftClusterConfig* config) {
  const auto* cluster = dynamic_cast<const ManifestCluster*>(config);
  CHECK(cluster != nullptr);
  return std::unique_ptr<RaftClient>(new ShimClient(cluster->shim(), cluster->capabilities()));
}

base::Status ShimClient::connect(NodeId node, std::chrono::milliseconds timeout) {
  node_ = node;
  timeout_ = timeout;
  return shim_.open();
}

Answer ShimClient::read(const std::string& key) {
  Exchange<ShimReply> exchange = shim_.ask({node_, ShimFunction::Read, key, {}, {}}, timeout_);
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_read(std::move(*broken));
  auto& reply = std::get<ShimReply>(exchange);
  if (reply.outcome == Outcome::Ok) return was_read(std::move(reply.value));
  return certainly_not(std::move(reply.note));
}

Answer ShimClient::write(const std::string& key, const std::string& value) {
  return change({node_, ShimFunction::Write, key, {}, value});
}

Answer ShimClient::cas(const std::string& key, const history::Value& expected,
                       const std::string& desired) {
  if (!capabilities_.cas) return certainly_not("the adapter does not name the capability cas");
  return change({node_, ShimFunction::Cas, key, expected, desired});
}

Answer ShimClient::append(const std::string& key, const std::string& piece) {
  if (!capabilities_.append) return RaftClient::append(key, piece);
  return change({node_, ShimFunction::Append, key, {}, piece});
}

Answer ShimClient::change(const ShimRequest& request) {
  Exchange<ShimReply> exchange = shim_.ask(request, timeout_);
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_change(std::move(*broken));
  auto& reply = std::get<ShimReply>(exchange);
  return {reply.outcome, std::move(reply.found), reply.found_known, std::move(reply.note)};
}

}  // namespace check::cluster
