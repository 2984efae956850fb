// SPDX-License-Identifier: Apache-2.0
// The blocks of a pcapng file (draft-ietf-opsawg-pcapng) with one interface of raw IP packets and
// times in nanoseconds. Each function appends one block to `out`.
//
//   section, interface, packet, packet, ..., statistics
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace check::monitor::pcapng {

void append_section(std::string& out, std::string_view application);
void append_interface(std::string& out, std::string_view name);
// `time_ns`: since 1970. `comment`: may be empty.
void append_packet(std::string& out, std::uint64_t time_ns, std::span<const char> packet,
                   std::string_view comment);
// How many packets there were in all, and how many of them are not in the file.
void append_statistics(std::string& out, std::uint64_t time_ns, std::uint64_t packets,
                       std::uint64_t lost);

}  // namespace check::monitor::pcapng
