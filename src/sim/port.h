// SPDX-License-Identifier: Apache-2.0
// What a Replica lets out, while its server lives.
#pragma once

#include "replica/outlet.h"
#include "sim/cluster.h"

namespace sim {

class Cluster::Port final : public replica::Outlet {
 public:
  Port(Cluster& cluster, Server& server) : cluster_(cluster), server_(server) {}

  // Leaves at once: so a crash may come between any two.
  void send(const raft::Envelope& envelope) override {
    if (server_.fuse.let_out()) cluster_.send(server_, envelope);
  }
  void answer(replica::RequestId id, replica::Outcome outcome) override {
    if (server_.fuse.let_out()) cluster_.answer(server_, id, outcome);
  }
  void flush() override {}
  void applied(const raft::Entry& entry) override {
    if (server_.fuse.dead()) return;
    cluster_.judges_.on_applied(*server_.replica, entry);
    cluster_.probe_applied(entry);
    if (cluster_.applied_) cluster_.applied_(server_.config.raft.self, &entry);
  }
  void installed(const raft::SnapshotMeta& snapshot) override {
    if (!server_.fuse.dead()) cluster_.install(server_, snapshot.last);
  }

 private:
  Cluster& cluster_;
  Server& server_;
};

}  // namespace sim
