// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/manifest_cluster.h"

#include <filesystem>
#include <fstream>

#include "check/cluster/http_client.h"
#include "check/cluster/program.h"
#include "check/cluster/shim_client.h"
#include "check/cluster/stream.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr unsigned kFirstGoodStatus = 200;
constexpr unsigned kFirstOtherStatus = 300;

base::Result<std::string> program_of(const Manifest& manifest) {
  TRY(const std::string name,
      expand_text(manifest.program, {{{"adapter", manifest.folder}}, {}, std::nullopt}));
  return find_program(name, manifest.install);
}

base::Status write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error{ErrorCode::Io, "cannot write " + path};
  return base::Done{};
}

// read_manifest() has expanded everything once: nothing in it is unknown.
template <class Value>
Value known(base::Result<Value> expanded) {
  CHECK(expanded.ok());
  return std::move(expanded).value();
}

}  // namespace

std::string ManifestCluster::missing(const Manifest& manifest) {
  const base::Result<std::string> program = program_of(manifest);
  return program.ok() ? std::string() : program.error().message;
}

base::Result<std::unique_ptr<RaftClusterConfig>> ManifestCluster::make(Hosts& hosts,
                                                                       Manifest manifest) {
  TRY(manifest.program, program_of(manifest));
  std::string version = "unknown";
  if (!manifest.version.empty()) {
    TRY(const std::vector<std::string> words,
        expand_all(manifest.version, scope_of(manifest, {}, std::nullopt)));
    TRY(version, version_line(words, ""));
  }
  return std::unique_ptr<RaftClusterConfig>(
      new ManifestCluster(hosts, std::move(manifest), std::move(version)));
}

ManifestCluster::ManifestCluster(Hosts& hosts, Manifest manifest, std::string version)
    : ProcessCluster(hosts, std::filesystem::path(manifest.folder).filename().string(),
                     std::move(version)),
      manifest_(std::move(manifest)),
      membership_(this->hosts(), shim_command()) {
  for (std::uint32_t id = 1; id <= nodes(); ++id) {
    probes_.push_back(std::make_unique<Probe>(shim()));
  }
}

Scope ManifestCluster::scope(std::optional<NodeId> self) const {
  std::vector<Names> names;
  for (std::uint32_t id = 1; id <= nodes(); ++id) {
    const NodeId node{id};
    names.push_back({{"id", std::to_string(id)},
                     {"name", hosts().name(node)},
                     {"address", hosts().address(node)},
                     {"data", hosts().directory(node)}});
  }
  return scope_of(manifest_, names,
                  self ? std::optional<std::size_t>(self->value - 1) : std::nullopt);
}

Command ManifestCluster::command(NodeId node) const {
  const Scope names = scope(node);
  Command command;
  const bool joins = membership_.joined(node) && !manifest_.join.empty();
  command.words = known(expand_all(joins ? manifest_.join : manifest_.start, names));
  for (const auto& [name, value] : manifest_.environment) {
    command.environment.emplace_back(name, known(expand_text(value, names)));
  }
  return command;
}

Membership* ManifestCluster::membership() {
  const Capabilities& can = manifest_.capabilities;
  return can.membership || can.transfer ? &membership_ : nullptr;
}

Command ManifestCluster::shim_command() const {
  return {known(expand_all(manifest_.shim, scope(std::nullopt))), {}};
}

base::Status ManifestCluster::start(NodeId node) {
  const Scope names = scope(node);
  for (const Manifest::File& file : manifest_.files) {
    TRY([[maybe_unused]] const base::Done done,
        write_file(hosts().directory(node) + "/" + file.path,
                   known(expand_text(file.text, names))));
  }
  return ProcessCluster::start(node);
}

Exchange<ShimReply> ManifestCluster::probe(NodeId node, ShimFunction function) {
  Probe& probe = *probes_[node.value - 1];
  const std::lock_guard<std::mutex> guard(probe.mutex);
  return probe.shim.ask({node, function, "seaworthy-ready", {}, {}, {}}, kProbeTimeout);
}

bool ManifestCluster::ready(NodeId node) {
  const Deadline deadline = Deadline::after(kProbeTimeout);
  if (const auto* tcp = std::get_if<ReadyByTcp>(&manifest_.ready)) {
    Stream stream;
    return stream.connect(hosts().address(node), tcp->port, deadline).ok();
  }
  if (const auto* by = std::get_if<ReadyByHttp>(&manifest_.ready)) {
    HttpClient http(hosts().address(node), by->port);
    const Exchange<HttpResponse> exchange = http.get(by->path, deadline);
    const auto* response = std::get_if<HttpResponse>(&exchange);
    return response != nullptr && response->status >= kFirstGoodStatus &&
           response->status < kFirstOtherStatus;
  }
  const Exchange<ShimReply> exchange = probe(node, ShimFunction::Read);
  const auto* reply = std::get_if<ShimReply>(&exchange);
  return reply != nullptr && reply->outcome == history::Outcome::Ok;
}

base::Result<NodeStatus> ManifestCluster::status(NodeId node) {
  if (!manifest_.capabilities.status) {
    if (ready(node)) return NodeStatus{};
    return Error{ErrorCode::Unavailable, hosts().name(node) + " is not ready"};
  }
  const Exchange<ShimReply> exchange = probe(node, ShimFunction::Status);
  if (const auto* broken = std::get_if<Broken>(&exchange)) {
    return Error{ErrorCode::Unavailable, hosts().name(node) + ": " + broken->note};
  }
  const auto& reply = std::get<ShimReply>(exchange);
  if (reply.outcome == history::Outcome::Ok) return reply.status;
  return Error{ErrorCode::Unavailable, hosts().name(node) + ": " + reply.note};
}

std::unique_ptr<RaftClient> ManifestCluster::create_client() {
  return ShimClient::createClient(this);
}

}  // namespace check::cluster
