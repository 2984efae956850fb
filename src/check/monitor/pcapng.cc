// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/pcapng.h"

#include <cstring>

namespace check::monitor::pcapng {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;
constexpr std::uint16_t kLinkRawIp = 101;

// Everything in the byte order of this machine, which the section's magic number tells.
template <class Number>
void put(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void pad(std::string& out, std::size_t size) { out.append((4 - size % 4) % 4, '\0'); }

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  out.append(value);
  pad(out, value.size());
}

void put_option(std::string& out, std::uint16_t code, std::uint64_t value) {
  put(out, code);
  put(out, std::uint16_t{8});
  put(out, value);
}

void end_options(std::string& out) { put(out, std::uint32_t{0}); }

void put_time(std::string& out, std::uint64_t time_ns) {
  put(out, static_cast<std::uint32_t>(time_ns >> 32));
  put(out, static_cast<std::uint32_t>(time_ns));
}

template <class Body>
void append_block(std::string& out, std::uint32_t type, Body body) {
  const std::size_t begin = out.size();
  put(out, type);
  put(out, std::uint32_t{0});
  body();
  const auto size = static_cast<std::uint32_t>(out.size() - begin + 4);
  put(out, size);
  std::memcpy(&out[begin + 4], &size, sizeof size);
}

}  // namespace

void append_section(std::string& out, std::string_view application) {
  append_block(out, kSection, [&] {
    put(out, std::uint32_t{0x1a2b3c4d});
    put(out, std::uint16_t{1});
    put(out, std::uint16_t{0});
    put(out, ~std::uint64_t{0});  // The section's length is not told.
    put_option(out, 4, application);
    end_options(out);
  });
}

void append_interface(std::string& out, std::string_view name) {
  append_block(out, kInterface, [&] {
    put(out, kLinkRawIp);
    put(out, std::uint16_t{0});
    put(out, std::uint32_t{0});  // Packets are never cut short.
    put_option(out, 2, name);
    put_option(out, 9, std::string_view("\x09", 1));  // Times in units of 10^-9 s.
    end_options(out);
  });
}

void append_packet(std::string& out, std::uint64_t time_ns, std::span<const char> packet,
                   std::string_view comment) {
  append_block(out, kPacket, [&] {
    put(out, std::uint32_t{0});
    put_time(out, time_ns);
    put(out, static_cast<std::uint32_t>(packet.size()));
    put(out, static_cast<std::uint32_t>(packet.size()));
    out.append(packet.data(), packet.size());
    pad(out, packet.size());
    if (!comment.empty()) {
      put_option(out, 1, comment);
      end_options(out);
    }
  });
}

void append_statistics(std::string& out, std::uint64_t time_ns, std::uint64_t packets,
                       std::uint64_t lost) {
  append_block(out, kStatistics, [&] {
    put(out, std::uint32_t{0});
    put_time(out, time_ns);
    put_option(out, 4, packets);
    put_option(out, 5, lost);
    end_options(out);
  });
}

}  // namespace check::monitor::pcapng
