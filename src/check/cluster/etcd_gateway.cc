// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_gateway.h"

#include "check/cluster/etcd_json.h"
#include "check/cluster/http_client.h"

namespace check::cluster::etcd_gateway {
namespace {

constexpr unsigned kHttpOk = 200;

}  // namespace

std::string url(const Hosts& hosts, NodeId node, std::uint16_t port) {
  return "http://" + hosts.address(node) + ":" + std::to_string(port);
}

base::Result<std::string> ask(const Hosts& hosts, NodeId node, const std::string& path,
                              const std::string& body, const Deadline& deadline) {
  HttpClient http(hosts.address(node), kClientPort);
  Exchange<HttpResponse> exchange = http.post_json(path, body, deadline);
  if (const auto* broken = std::get_if<Broken>(&exchange)) {
    return base::Error{base::ErrorCode::Unavailable, hosts.name(node) + ": " + broken->note};
  }
  auto& response = std::get<HttpResponse>(exchange);
  if (response.status == kHttpOk) return std::move(response.body);
  return base::Error{base::ErrorCode::InvalidArgument,
                     hosts.name(node) + ": " + etcd_json::refusal(response.body).words};
}

}  // namespace check::cluster::etcd_gateway
