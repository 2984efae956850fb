// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "check/capture/capture_file.h"
#include "check/capture/endpoint.h"
#include "check/capture/packet.h"
#include "golden/golden.h"

namespace check::capture {
namespace {

std::string from_hex(std::string_view text) {
  std::string bytes;
  std::string digits;
  for (const char digit : text) {
    if (digit == '_') continue;
    digits += digit;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

std::string describe(const Packet& packet) {
  const auto found = find_segment(packet);
  if (const auto* why = std::get_if<NoSegment>(&found)) {
    switch (*why) {
      case NoSegment::OtherProtocol:
        return "other protocol";
      case NoSegment::Fragment:
        return "fragment";
      case NoSegment::Damaged:
        break;
    }
    return "damaged";
  }
  const auto& segment = std::get<Segment>(found);
  return text(segment.from) + " > " + text(segment.to) +
         " seq=" + std::to_string(segment.sequence) +
         " ack=" + std::to_string(segment.acknowledged) +
         " flags=" + std::to_string(segment.flags) + " '" + std::string(segment.payload) + "' of " +
         std::to_string(segment.whole);
}

TEST(Packets, HoldASegmentWhateverItsLinkAndItsLength) {
  golden::run(TESTDATA "/packets.txt", [](const golden::Case& the_case) {
    const auto link = link_of(static_cast<std::uint32_t>(std::stoul(the_case.command)));
    if (!link) return std::string("unknown link");
    const std::string bytes = from_hex(the_case.arguments.at("bytes"));
    Packet packet;
    packet.link = *link;
    packet.bytes = bytes;
    packet.whole = static_cast<std::uint32_t>(bytes.size());
    if (const auto whole = the_case.arguments.find("whole"); whole != the_case.arguments.end()) {
      packet.whole = static_cast<std::uint32_t>(std::stoul(whole->second));
    }
    return describe(packet);
  });
}

std::string read_all(const std::string& file, std::size_t step) {
  CaptureFile capture;
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const auto packet = capture.next();
    if (!packet.ok()) return out + "error " + packet.error().message;
    if (packet.value()) {
      out += std::to_string(packet.value()->time_ns) + " interface " +
             std::to_string(packet.value()->interface) + " " +
             std::to_string(packet.value()->bytes.size()) + " of " +
             std::to_string(packet.value()->whole) + '\n';
    } else if (at < file.size()) {
      capture.add(std::string_view(file).substr(at, step));
      at += step;
    } else {
      break;
    }
  }
  return out + "lost " + std::to_string(capture.lost_packets()) + " foreign " +
         std::to_string(capture.foreign_packets()) + " left over " +
         std::to_string(capture.left_over());
}

// The blocks of a case, one a line, are one file.
TEST(CaptureFiles, AreReadInBothFormatsAndByteOrders) {
  golden::run_blocks(TESTDATA "/files.txt", [](const golden::Block& block) {
    std::string file;
    for (const std::string& line : block) file += from_hex(line);
    std::string once = read_all(file, file.size());
    EXPECT_EQ(read_all(file, 1), once);
    return once;
  });
}

TEST(Endpoints, AreWrittenAsPeopleWriteThem) {
  golden::run(TESTDATA "/endpoints.txt", [](const golden::Case& the_case) {
    const std::string word = the_case.arguments.begin()->first;
    if (the_case.command == "address") {
      const auto address = parse_address(word);
      return address ? text(*address) : std::string("no");
    }
    const auto endpoint = parse_endpoint(word);
    return endpoint ? text(*endpoint) : std::string("no");
  });
}

}  // namespace
}  // namespace check::capture
