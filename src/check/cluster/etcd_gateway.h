// SPDX-License-Identifier: Apache-2.0
// One question to one node of etcd, by its JSON gateway.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "check/cluster/deadline.h"
#include "check/cluster/hosts.h"

namespace check::cluster::etcd_gateway {

inline constexpr std::uint16_t kClientPort = 2379;
inline constexpr std::uint16_t kPeerPort = 2380;

// "http://10.77.0.2:2380"
std::string url(const Hosts& hosts, NodeId node, std::uint16_t port);

// The answer's body; an error if it is a refusal: in etcd's words, InvalidArgument; or if there is
// none: Unavailable.
base::Result<std::string> ask(const Hosts& hosts, NodeId node, const std::string& path,
                              const std::string& body, const Deadline& deadline);

}  // namespace check::cluster::etcd_gateway
