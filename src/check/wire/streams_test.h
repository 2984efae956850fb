// SPDX-License-Identifier: Apache-2.0
// Streams of bytes as text, for the tests of this folder.
//
//   > 15 00 00 00 ...     bytes of the dialer, in hex; text in quotes of either kind is allowed
//   < 01 02               of the acceptor
//   > lost 100            bytes that were not seen
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/wire/decoder.h"
#include "check/wire/encoder.h"
#include "check/wire/observation.h"

namespace check::wire {

struct Piece {
  Direction direction = Direction::FromDialer;
  std::string bytes = {};
  std::uint64_t lost = 0;  // If not 0: so many bytes were not seen.
};

inline std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      at += 1;
    } else if (text[at] == '"' || text[at] == '\'') {
      const std::size_t end = text.find(text[at], at + 1);
      bytes += text.substr(at + 1, end - at - 1);
      at = end + 1;
    } else {
      bytes += static_cast<char>(std::stoul(std::string(text.substr(at, 2)), nullptr, 16));
      at += 2;
    }
  }
  return bytes;
}

inline std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    if (!text.empty()) text += ' ';
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

inline Piece piece(std::string_view line) {
  const Direction direction = line[0] == '>' ? Direction::FromDialer : Direction::FromAcceptor;
  const std::string_view rest = line.substr(1);
  if (rest.starts_with(" lost ")) {
    return {direction, {}, std::stoull(std::string(rest.substr(6)))};
  }
  return {direction, unhex(rest), 0};
}

// A message without what the tests of a decoder cannot know.
inline std::string show(Protocol protocol, const Message& message) {
  Observation observation;
  observation.protocol = protocol;
  observation.message = message;
  std::string line;
  append_line(line, observation);
  return '{' + line.substr(line.find("\"type\""), line.size() - line.find("\"type\"") - 1);
}

inline std::string show(Protocol protocol, const Frame& frame) {
  const std::string arrow = frame.direction == Direction::FromDialer ? "> " : "< ";
  const std::string size = std::to_string(frame.bytes.size()) + " bytes";
  return arrow + size + (frame.message ? ' ' + show(protocol, *frame.message) : "");
}

// Runs of frames without messages, of one direction, as one.
inline std::vector<Frame> joined(const std::vector<Frame>& frames) {
  std::vector<Frame> out;
  for (const Frame& frame : frames) {
    if (!out.empty() && !frame.message && !out.back().message &&
        frame.direction == out.back().direction) {
      out.back().bytes += frame.bytes;
    } else {
      out.push_back(frame);
    }
  }
  return out;
}

inline std::vector<Frame> decoded(Decoder& decoder, const std::vector<Piece>& pieces) {
  std::vector<Frame> out;
  for (const Piece& each : pieces) {
    if (each.lost > 0) {
      decoder.skip(each.direction, each.lost, out);
    } else {
      decoder.feed(each.direction, each.bytes, out);
    }
  }
  return out;
}

// Frames and, at the end, why a direction became opaque. One line each.
inline std::string transcript(Protocol protocol, const std::vector<Piece>& pieces,
                              const ConnectionStart& start = {}) {
  const auto decoder = make_decoder(protocol, start);
  std::string text;
  for (const Frame& frame : joined(decoded(*decoder, pieces))) text += show(protocol, frame) + '\n';
  for (const Direction direction : {Direction::FromDialer, Direction::FromAcceptor}) {
    if (!decoder->opaque(direction)) continue;
    text += (direction == Direction::FromDialer ? "> opaque: " : "< opaque: ") +
            *decoder->opaque(direction) + '\n';
  }
  if (!text.empty()) text.pop_back();
  return text;
}

// Frames put together are the bytes that went in; where the pieces were cut makes no difference.
inline void expect_partition_however_cut(Protocol protocol, const std::vector<Piece>& pieces) {
  const std::string whole = transcript(protocol, pieces);
  std::vector<Piece> bytes;
  for (std::size_t at = 0; at < pieces.size(); ++at) {
    const Piece& each = pieces[at];
    if (each.lost > 0) bytes.push_back(each);
    for (const char byte : each.bytes) bytes.push_back({each.direction, std::string(1, byte), 0});
    const std::size_t step = 1 + each.bytes.size() / 200;
    for (std::size_t cut = 1; cut < each.bytes.size(); cut += step) {
      std::vector<Piece> two = pieces;
      two[at].bytes = each.bytes.substr(cut);
      two.insert(two.begin() + static_cast<std::ptrdiff_t>(at),
                 Piece{each.direction, each.bytes.substr(0, cut), 0});
      ASSERT_EQ(transcript(protocol, two), whole) << "piece " << at << " cut at " << cut;
    }
  }
  EXPECT_EQ(transcript(protocol, bytes), whole) << "byte by byte";

  const auto decoder = make_decoder(protocol);
  std::string in[2];
  std::string out[2];
  for (const Frame& frame : decoded(*decoder, pieces)) {
    out[static_cast<std::size_t>(frame.direction)] += frame.bytes;
  }
  for (const Piece& each : pieces) in[static_cast<std::size_t>(each.direction)] += each.bytes;
  for (std::size_t way = 0; way < 2; ++way) {
    // What waits for the rest of its frame is not out yet.
    ASSERT_LE(out[way].size(), in[way].size());
    EXPECT_EQ(out[way], in[way].substr(0, out[way].size()));
  }
}

}  // namespace check::wire
