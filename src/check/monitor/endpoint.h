// SPDX-License-Identifier: Apache-2.0
// Where a packet comes from and goes to: IPv4 address and port, in the host's byte order.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace check::monitor {

struct Endpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// A connection's name: who opened it, and to whom.
struct Flow {
  Endpoint client;
  Endpoint server;
  friend constexpr auto operator<=>(const Flow&, const Flow&) = default;
};

inline sockaddr_in to_sockaddr(const Endpoint& endpoint) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(endpoint.address);
  name.sin_port = htons(endpoint.port);
  return name;
}

inline Endpoint from_sockaddr(const sockaddr_in& name) {
  return {ntohl(name.sin_addr.s_addr), ntohs(name.sin_port)};
}

inline std::string address_text(std::uint32_t address) {
  return std::to_string(address >> 24) + '.' + std::to_string((address >> 16) & 255) + '.' +
         std::to_string((address >> 8) & 255) + '.' + std::to_string(address & 255);
}

struct EndpointHash {
  std::size_t operator()(const Endpoint& endpoint) const {
    return std::hash<std::uint64_t>{}((std::uint64_t{endpoint.address} << 16) | endpoint.port);
  }
};

struct FlowHash {
  std::size_t operator()(const Flow& flow) const {
    const EndpointHash hash;
    return hash(flow.client) * 31 + hash(flow.server);
  }
};

}  // namespace check::monitor
