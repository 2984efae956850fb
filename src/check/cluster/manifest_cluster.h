// SPDX-License-Identifier: Apache-2.0
// A system that the checker knows from a manifest alone: adapters/NAME/adapter.toml.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "check/cluster/manifest.h"
#include "check/cluster/process_cluster.h"
#include "check/cluster/shim.h"
#include "check/cluster/shim_membership.h"

namespace check::cluster {

class ManifestCluster final : public ProcessCluster {
 public:
  static base::Result<std::unique_ptr<RaftClusterConfig>> make(Hosts& hosts, Manifest manifest);
  // Why it cannot run on this machine; empty: it can.
  static std::string missing(const Manifest& manifest);

  base::Status start(NodeId node) override;
  bool ready(NodeId node) override;
  base::Result<NodeStatus> status(NodeId node) override;
  Capabilities capabilities() const override { return manifest_.capabilities; }
  Membership* membership() override;
  std::unique_ptr<RaftClient> create_client() override;
  std::vector<std::uint16_t> peer_ports() const override { return manifest_.peer_ports; }
  std::string protocol() const override { return manifest_.protocol; }

  std::optional<base::Error> client_trouble() const override { return shim_starts_.trouble(); }

  // One that is not started yet; this object outlives it.
  Shim shim() const { return Shim(shim_command(), &shim_starts_); }

 private:
  // A shim for ready() and status(), one for each node: a frozen one delays no other.
  struct Probe {
    std::mutex mutex;
    Shim shim;  // Guarded by mutex.
    explicit Probe(Shim one) : shim(std::move(one)) {}
  };

  ManifestCluster(Hosts& hosts, Manifest manifest, std::string version);
  Command command(NodeId node) const override;
  Command shim_command() const;
  Scope scope(std::optional<NodeId> self) const;
  Exchange<ShimReply> probe(NodeId node, ShimFunction function);

  Manifest manifest_;  // `program` is a path.
  mutable ShimStarts shim_starts_;
  std::vector<std::unique_ptr<Probe>> probes_;
  ShimMembership membership_;
};

}  // namespace check::cluster
