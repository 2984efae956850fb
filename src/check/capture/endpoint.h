// SPDX-License-Identifier: Apache-2.0
// Where a packet comes from and goes to, in IPv4 and IPv6 alike.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace check::capture {

// 128 bits of IPv6; an IPv4 address is ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
struct Address {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

constexpr Address ipv4(std::uint32_t address) { return {0, 0xffff'0000'0000ULL | address}; }

struct Endpoint {
  Address address;
  std::uint16_t port = 0;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// "10.77.0.1", "2001:db8::1" (RFC 5952); "10.77.0.1:7000", "[2001:db8::1]:7000".
std::string text(const Address& address);
std::string text(const Endpoint& endpoint);

std::optional<Address> parse_address(std::string_view text);
std::optional<Endpoint> parse_endpoint(std::string_view text);

// Mixes all bits; the same on every machine.
constexpr std::uint64_t hash_of(const Endpoint& endpoint) {
  std::uint64_t hash = endpoint.address.high * 0x9e3779b97f4a7c15;
  hash = (hash ^ endpoint.address.low) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 29) ^ endpoint.port) * 0x94d049bb133111eb;
  return hash ^ (hash >> 32);
}

}  // namespace check::capture
