// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_client.h"

#include "check/cluster/answers.h"
#include "check/cluster/etcd_cluster.h"
#include "check/cluster/etcd_json.h"

namespace check::cluster {
namespace {

constexpr unsigned kHttpOk = 200;

Answer refused(const HttpResponse& response) {
  etcd_json::Refusal refusal = etcd_json::refusal(response.body);
  return refusal.nothing_done ? certainly_not(std::move(refusal.words))
                              : unknown(std::move(refusal.words));
}

}  // namespace

std::unique_ptr<RaftClient> EtcdClient::createClient(RaftClusterConfig* config) {
  const auto* cluster = dynamic_cast<const ProcessCluster*>(config);
  CHECK(cluster != nullptr);
  return std::unique_ptr<RaftClient>(new EtcdClient(*cluster));
}

base::Status EtcdClient::connect(NodeId node, std::chrono::milliseconds timeout) {
  timeout_ = timeout;
  http_ = HttpClient(cluster_.hosts().address(node), EtcdCluster::kClientPort);
  return http_.open(Deadline::after(timeout));
}

Exchange<HttpResponse> EtcdClient::post(std::string_view path, std::string_view body) {
  return http_.post_json(path, body, Deadline::after(timeout_));
}

Answer EtcdClient::read(const std::string& key) {
  Exchange<HttpResponse> exchange = post("/v3/kv/range", etcd_json::range_request(key));
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_read(std::move(*broken));
  const HttpResponse& response = std::get<HttpResponse>(exchange);
  if (response.status != kHttpOk) return certainly_not(etcd_json::refusal(response.body).words);
  base::Result<history::Value> value = etcd_json::range_answer(response.body);
  if (!value.ok()) return certainly_not(value.error().message);
  return was_read(std::move(value).value());
}

Answer EtcdClient::write(const std::string& key, const std::string& value) {
  Exchange<HttpResponse> exchange = post("/v3/kv/put", etcd_json::put_request(key, value));
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_change(std::move(*broken));
  const HttpResponse& response = std::get<HttpResponse>(exchange);
  if (response.status != kHttpOk) return refused(response);
  const base::Status put = etcd_json::put_answer(response.body);
  return put.ok() ? done() : unknown(put.error().message);
}

Answer EtcdClient::cas(const std::string& key, const history::Value& expected,
                       const std::string& desired) {
  Exchange<HttpResponse> exchange =
      post("/v3/kv/txn", etcd_json::swap_request(key, expected, desired));
  if (auto* broken = std::get_if<Broken>(&exchange)) return unanswered_change(std::move(*broken));
  const HttpResponse& response = std::get<HttpResponse>(exchange);
  if (response.status != kHttpOk) return refused(response);
  base::Result<etcd_json::Swap> swap = etcd_json::swap_answer(response.body);
  if (!swap.ok()) return unknown(swap.error().message);
  if (swap.value().succeeded) return done();
  return found_instead(std::move(swap).value().found);
}

}  // namespace check::cluster
