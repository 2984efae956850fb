// SPDX-License-Identifier: Apache-2.0
#include "check/capture/endpoint.h"

#include <array>
#include <charconv>

namespace check::capture {
namespace {

using Groups = std::array<std::uint16_t, 8>;

constexpr std::uint64_t kMapped = 0xffff;  // Bits 32..47 of an IPv4 address' lower half.

Groups groups_of(const Address& address) {
  Groups groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::uint64_t half = i < 4 ? address.high : address.low;
    groups[i] = static_cast<std::uint16_t>(half >> (48 - 16 * (i % 4)));
  }
  return groups;
}

// The longest run of at least two zero groups, the first of equals (RFC 5952 §4.2).
std::pair<std::size_t, std::size_t> longest_zeros(const Groups& groups) {
  std::size_t best = 0;
  std::size_t best_size = 1;
  for (std::size_t begin = 0; begin < groups.size(); ++begin) {
    std::size_t end = begin;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - begin > best_size) {
      best = begin;
      best_size = end - begin;
    }
  }
  return best_size > 1 ? std::pair{best, best_size} : std::pair{groups.size(), std::size_t{0}};
}

std::string hexadecimal(std::uint16_t value) {
  std::array<char, 4> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value, base);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot > 3) return std::nullopt;  // None is far beyond.
    const auto byte = number<std::uint8_t>(text.substr(0, dot));
    if (!byte) return std::nullopt;
    address = address << 8 | *byte;
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return address;
}

// Groups up to `::` or the end; nothing if one makes no sense.
std::optional<std::size_t> parse_groups(std::string_view text, Groups& out) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view word = text.substr(0, colon);
    if (colon == std::string_view::npos && word.find('.') != std::string_view::npos) {
      const auto tail = parse_ipv4(word);
      if (!tail || count > 6) return std::nullopt;
      out[count++] = static_cast<std::uint16_t>(*tail >> 16);
      out[count++] = static_cast<std::uint16_t>(*tail);
      return count;
    }
    const auto group = number<std::uint16_t>(word, 16);
    if (!group || word.size() > 4 || count == out.size()) return std::nullopt;
    out[count++] = *group;
    if (colon == std::string_view::npos) return count;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return count;
}

Address from_groups(const Groups& groups) {
  Address address;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::uint64_t& half = i < 4 ? address.high : address.low;
    half = half << 16 | groups[i];
  }
  return address;
}

std::optional<Address> parse_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  Groups front{};
  Groups back{};
  const auto before = parse_groups(text.substr(0, gap), front);
  if (!before) return std::nullopt;
  if (gap == std::string_view::npos) {
    return *before == front.size() ? std::optional(from_groups(front)) : std::nullopt;
  }
  const auto after = parse_groups(text.substr(gap + 2), back);
  if (!after || *before + *after >= front.size()) return std::nullopt;
  for (std::size_t i = 0; i < *after; ++i) front[front.size() - *after + i] = back[i];
  return from_groups(front);
}

}  // namespace

std::string text(const Address& address) {
  if (address.high == 0 && address.low >> 32 == kMapped) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += std::to_string(address.low >> shift & 255);
      if (shift > 0) out += '.';
    }
    return out;
  }
  const Groups groups = groups_of(address);
  const auto [zeros, size] = longest_zeros(groups);
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros) {
      out += "::";
      i += size - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    out += hexadecimal(groups[i]);
  }
  return out;
}

std::string text(const Endpoint& endpoint) {
  const std::string address = text(endpoint.address);
  const bool brackets = address.find(':') != std::string::npos;
  return (brackets ? '[' + address + ']' : address) + ':' + std::to_string(endpoint.port);
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return parse_ipv6(text);
  const auto address = parse_ipv4(text);
  return address ? std::optional(ipv4(*address)) : std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 1 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (brackets != (host.find(':') != std::string_view::npos)) return std::nullopt;
  const auto address = parse_address(host);
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (!address || !port) return std::nullopt;
  return Endpoint{*address, *port};
}

}  // namespace check::capture
