// SPDX-License-Identifier: Apache-2.0
// What every decoder must survive, for the fuzz programs of this folder.
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

// The first byte says how the rest is cut into pieces and which of them are whose; one piece may be
// lost. What comes out must be what went in, and every deed done to a message must decode again.
inline void decode_everything(Protocol protocol, std::string_view input) {
  if (input.empty()) return;
  const auto control = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  const auto decoder = make_decoder(protocol, {(control & 0x80U) == 0});
  const std::size_t size = 1 + (control & 0x1fU) * (control & 0x1fU);
  const bool both = (control & 0x40U) != 0;
  std::string in[2];
  std::vector<Frame> frames;
  for (std::size_t number = 0; !input.empty(); ++number) {
    const std::string_view piece = input.substr(0, std::min(size, input.size()));
    const std::size_t way = both ? number % 2 : 0;
    input.remove_prefix(piece.size());
    in[way] += piece;
    decoder->feed(static_cast<Direction>(way), piece, frames);
    if ((control & 0x20U) != 0 && number == 3)
      decoder->skip(static_cast<Direction>(way), 7, frames);
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
