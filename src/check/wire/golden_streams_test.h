// SPDX-License-Identifier: Apache-2.0
// Golden files of streams (streams_test.h) as a supply of frames for other tests.
//
//   # A sentence.
//   in mid-stream         the first bytes were not seen; may be left out
//   > 15 00 00 ...
//   < 01 02
//   ----
//   what transcript() says
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check/wire/streams_test.h"
#include "golden/golden.h"

namespace check::wire {

struct GoldenStreams {
  Protocol protocol;
  std::string path;

  // Calls on_stream(pieces, begun) for each, and checks that the file says what they mean.
  template <class OnStream>
  void each(const OnStream& on_stream) const {
    golden::run_blocks(path, [this, &on_stream](const golden::Block& lines) {
      std::vector<Piece> pieces;
      const bool begun = lines.front() != "in mid-stream";
      for (std::size_t at = begun ? 0 : 1; at < lines.size(); ++at) {
        pieces.push_back(piece(lines[at]));
      }
      on_stream(pieces, begun);
      return transcript(protocol, pieces, {begun});
    });
  }

  // All frames that hold a message.
  std::vector<Frame> frames() const {
    std::vector<Frame> all;
    each([this, &all](const std::vector<Piece>& pieces, bool begun) {
      const auto decoder = make_decoder(protocol, {begun});
      for (const Frame& frame : decoded(*decoder, pieces)) {
        if (frame.message) all.push_back(frame);
      }
    });
    return all;
  }

  void expect_same_however_cut() const {
    each([this](const std::vector<Piece>& pieces, bool begun) {
      if (begun) expect_partition_however_cut(protocol, pieces);
    });
  }

  // What there is to say about refusing each frame, each thing once; an answer is shown, an error
  // told unless it says that messages of this kind never are.
  template <class Check>
  std::string refusals(const Check& check) const {
    std::string text;
    for (const Frame& frame : frames()) {
      const auto answer = refusal(protocol, frame);
      const std::string line =
          std::string(frame.message->name) + ": " +
          (answer.ok() ? show(protocol, *answer.value().message) : answer.error().message) + '\n';
      if (line.ends_with(" is never refused\n")) continue;
      if (text.find(line) == std::string::npos) text += line;
      if (!answer.ok()) continue;
      EXPECT_NE(answer.value().direction, frame.direction);
      check(answer.value());
    }
    return text;
  }

  // Alters every field of every frame and expects the message to say so; check() sees each result.
  template <class Check>
  std::size_t alterations(const Check& check) const {
    std::size_t count = 0;
    for (const Frame& frame : frames()) {
      for (const std::string_view field : {"term", "commit", "prev_index", "prev_term",
                                           "last_index", "last_term", "match", "success"}) {
        for (const std::uint64_t value : {std::uint64_t{1}, std::uint64_t{300},
                                          std::uint64_t{70000}, std::uint64_t{1} << 40U}) {
          const auto changed = altered(protocol, frame, field, value);
          if (!changed.ok()) continue;
          ++count;
          const std::string text = show(protocol, *changed.value().message);
          const std::string word = field == "success" ? "true" : std::to_string(value);
          const std::string name = '"' + std::string(field) + "\":";
          if (text.find(name) != std::string::npos) {
            EXPECT_NE(text.find(name + word), std::string::npos) << text;
          }
          check(changed.value());
        }
      }
    }
    return count;
  }
};

}  // namespace check::wire
