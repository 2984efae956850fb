// SPDX-License-Identifier: Apache-2.0
// 10.77.0.k is host k's address.
#pragma once

#include <cstdint>
#include <string>

#include "check/sandbox/sandbox.h"

namespace check::sandbox {

inline constexpr std::uint32_t kNetwork = 0x0a4d0000;  // 10.77.0.0, in host byte order.
inline constexpr std::uint8_t kNetworkPrefix = 24;

inline std::uint32_t address_of(NodeId host) { return kNetwork + host.value; }
inline NodeId host_at(std::uint32_t address) { return NodeId{address - kNetwork}; }
inline std::string address_text(NodeId host) { return "10.77.0." + std::to_string(host.value); }

}  // namespace check::sandbox
