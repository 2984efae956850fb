// SPDX-License-Identifier: Apache-2.0
// The packet filter rules that bring the traffic between nodes to the monitor's sockets, in a table
// of their own. Packets that are cut never get here (sandbox::kCutPriority).
//
//   prerouting  -150  first SYN of a connection ------------> SynGate's queue
//               -149  SYN that the gate refused ------------> RST to its sender
//                     of a connection that stands ----------> that connection's socket here
//                     other TCP, and UDP -------------------> TPROXY to the listeners
//   forward      -10  anything of the above that is still routed: counted as stray, and dropped
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "check/monitor/link_table.h"
#include "check/sandbox/nftables.h"

namespace check::monitor {

class Redirect {
 public:
  struct Targets {
    std::uint16_t tcp_port = 0;  // Of the listeners on the loopback.
    std::uint16_t udp_port = 0;
  };
  // Installs the rules in the calling thread's network. Only `ports` are redirected; all if empty.
  static base::Result<Redirect> install(const LinkTable& links, const Targets& targets,
                                        std::span<const std::uint16_t> ports);
  base::Status remove();

  // Packets that should have come to the monitor and were routed instead: none, or a bug.
  base::Result<std::uint64_t> stray_packets();
  // Datagrams that were sent to the monitor's socket, by source and destination.
  base::Result<std::map<sandbox::AddressPair, sandbox::PacketCount>> datagrams();
  // How SYNs get to the gate on this kernel: "queue" or "xt NFQUEUE".
  const std::string& gate_way() const { return gate_way_; }

 private:
  explicit Redirect(sandbox::Netlink netfilter) : netfilter_(std::move(netfilter)) {}

  sandbox::Netlink netfilter_;
  std::string gate_way_;
};

}  // namespace check::monitor
