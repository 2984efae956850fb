// SPDX-License-Identifier: Apache-2.0
// The protocols between nodes that are understood.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace check::wire {

enum class Protocol : std::uint8_t { Raftkv, Etcd, Hashicorp, Ovsdb, Nats, Pysyncobj, Libraft };

inline constexpr std::array<Protocol, 7> kProtocols = {
    Protocol::Raftkv, Protocol::Etcd,      Protocol::Hashicorp, Protocol::Ovsdb,
    Protocol::Nats,   Protocol::Pysyncobj, Protocol::Libraft};

std::string_view name(Protocol protocol);  // "etcd"
std::optional<Protocol> protocol(std::string_view name);

// One line: which versions were read, and what the decoder leaves out.
std::string_view description(Protocol protocol);

}  // namespace check::wire
