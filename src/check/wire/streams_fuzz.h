// SPDX-License-Identifier: Apache-2.0
// What every decoder must survive, for the fuzz programs of this folder.
//
//   an input:  [1: bit 7, the connection was not seen from its beginning] piece piece ...
//   a piece:   [2, the higher first: bit 15, it is the acceptor's; bit 14, it was lost; its length]
//              [its bytes, unless it was lost]
//
// tests/captures/seeds.py writes captures so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "check/wire/decoder.h"
#include "check/wire/encoder.h"

namespace check::wire {

struct Conversation {
  struct Piece {
    std::size_t way = 0;
    std::size_t lost = 0;
    std::string bytes;
  };
  bool begun = true;
  std::vector<Piece> pieces;
};

inline Conversation conversation(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Conversation said;
  said.begun = input.empty() || (data[0] & 0x80U) == 0;
  for (std::size_t at = 1; at + 2 <= size;) {
    const unsigned head = data[at] * 256U + data[at + 1];
    const std::size_t length = head & 0x3fffU;
    const bool lost = (head & 0x4000U) != 0;
    at += 2;
    said.pieces.push_back({head >> 15U, lost ? length : 0,
                           std::string(lost ? std::string_view() : input.substr(at, length))});
    at += said.pieces.back().bytes.size();
  }
  return said;
}

// What comes out must be what went in, and every deed done to a message must decode again.
inline void decode_everything(Protocol protocol, const Conversation& said) {
  const auto decoder = make_decoder(protocol, {said.begun});
  std::string in[2];
  std::vector<Frame> frames;
  for (const auto& piece : said.pieces) {
    const auto direction = static_cast<Direction>(piece.way);
    in[piece.way] += piece.bytes;
    if (piece.lost > 0) {
      decoder->skip(direction, piece.lost, frames);
    } else {
      decoder->feed(direction, piece.bytes, frames);
    }
  }
  std::string out[2];
  for (const Frame& frame : frames) {
    out[static_cast<std::size_t>(frame.direction)] += frame.bytes;
    if (!frame.message) continue;
    const auto changed = altered(protocol, frame, "term", 5);
    if (changed.ok()) CHECK(changed.value().message->term == Term(5));
    static_cast<void>(refusal(protocol, frame).ok());
  }
  for (std::size_t way = 0; way < 2; ++way) {
    CHECK(in[way].substr(0, out[way].size()) == out[way], way);
    if (decoder->opaque(static_cast<Direction>(way))) CHECK(in[way] == out[way], way);
  }
}

}  // namespace check::wire
