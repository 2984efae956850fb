// SPDX-License-Identifier: Apache-2.0
#include "check/wire/protocol.h"

namespace check::wire {

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::Raftkv:
      return "raftkv";
    case Protocol::Etcd:
      return "etcd";
    case Protocol::Hashicorp:
      return "hashicorp";
    case Protocol::Ovsdb:
      return "ovsdb";
    case Protocol::Nats:
      return "nats";
    case Protocol::Pysyncobj:
      return "pysyncobj";
    case Protocol::Libraft:
      return "libraft";
  }
  return "";
}

std::optional<Protocol> protocol(std::string_view name) {
  for (const Protocol candidate : kProtocols) {
    if (wire::name(candidate) == name) return candidate;
  }
  return std::nullopt;
}

std::string_view description(Protocol protocol) {
  switch (protocol) {
    case Protocol::Raftkv:
      return "raftkv over TCP (docs/formats/peer-protocol.md)";
    case Protocol::Etcd:
      return "etcd 3.4 to 3.6, rafthttp without TLS";
    case Protocol::Hashicorp:
      return "hashicorp/raft 1.1 to 1.7, NetworkTransport without TLS";
    case Protocol::Ovsdb:
      return "OVSDB 3.1 and later, JSON-RPC over TCP";
    case Protocol::Nats:
      return "NATS JetStream 2.9 and later, routes without TLS or compression";
    case Protocol::Pysyncobj:
      return "PySyncObj 0.3, without a password";
    case Protocol::Libraft:
      return "libraft 0.15, cowsql and dqlite, over TCP without TLS";
  }
  return "";
}

}  // namespace check::wire
