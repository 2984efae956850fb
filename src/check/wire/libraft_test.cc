// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "check/wire/streams_test.h"
#include "golden/golden.h"

namespace check::wire {
namespace {

constexpr Direction kDialer = Direction::FromDialer;

std::string words(const std::vector<std::uint64_t>& values) {
  std::string out;
  base::ByteWriter writer(out);
  for (const std::uint64_t value : values) writer.u64(value);
  return out;
}

std::string greeting() { return words({1, 2, 8}) + std::string("n2:9000\0", 8); }

std::string append(std::uint64_t prev, const std::vector<std::string>& contents) {
  std::string out = words({1, 48 + 16 * contents.size(), 2, prev, 2, prev, contents.size()});
  for (const std::string& content : contents) {
    out += words({2, 1 + (std::uint64_t{content.size()} << 32U)});
  }
  out += words({77});
  for (const std::string& content : contents) out += content;
  return out;
}
std::string result(std::uint64_t rejected, std::uint64_t last) {
  return words({2, 24, 2, rejected, last});
}
std::string vote(std::uint64_t flags) { return words({3, 40, 5, 2, 9, 2, flags}); }
std::string vote_result(std::uint64_t flags) { return words({4, 24, 5, 1, flags}); }
std::string snapshot(std::uint64_t size) {
  return words({5, 56, 2, 9, 2, 1, 8, 0, size, 77}) + std::string(size, 's');
}
std::string timeout_now() { return words({6, 24, 2, 9, 2}); }

std::string all() {
  return greeting() + append(7, {}) + append(7, {"12345678", "abcdefgh"}) + result(0, 9) +
         result(7, 5) + vote(0) + vote(2) + vote_result(0) + vote_result(1) + snapshot(80) +
         timeout_now();
}

std::vector<Frame> frames_of(const std::string& bytes) {
  const auto decoder = make_decoder(Protocol::Libraft);
  return decoded(*decoder, {{kDialer, bytes}});
}

TEST(LibraftDecoder, SaysOfEachConnectionWhatTheGoldenFileSays) {
  golden::run_blocks(TESTDATA "/libraft.txt", [](const golden::Block& block) {
    std::vector<Piece> pieces;
    const bool begun = block.front() != "in mid-stream";
    for (std::size_t at = begun ? 0 : 1; at < block.size(); ++at)
      pieces.push_back(piece(block[at]));
    return transcript(Protocol::Libraft, pieces, {begun});
  });
}

TEST(LibraftDecoder, GivesTheSameFramesHoweverTheBytesAreCut) {
  EXPECT_EQ(frames_of(all()).size(), 11U);
  expect_partition_however_cut(Protocol::Libraft, {{kDialer, all()}});
}

TEST(LibraftDecoder, FindsTheNextAppendWhateverWasLost) {
  const std::string stream = append(7, {"12345678"}) + append(8, {"12345678"}) + append(9, {});
  const std::string last = show(Protocol::Libraft, frames_of(greeting() + append(9, {})).back());
  for (std::size_t lost = 1; lost < stream.size() - 64; ++lost) {
    const std::string text =
        transcript(Protocol::Libraft,
                   {{kDialer, greeting()}, {kDialer, {}, lost}, {kDialer, stream.substr(lost)}});
    EXPECT_EQ(text.find("opaque"), std::string::npos) << lost << '\n' << text;
    EXPECT_NE(text.find(last), std::string::npos) << lost << '\n' << text;
  }
}

TEST(LibraftDecoder, GivesUpWhereNoMessageIs) {
  const std::string text =
      transcript(Protocol::Libraft, {{kDialer, std::string((1U << 20U) + 100, '\1')}}, {false});
  EXPECT_NE(text.find("no message begins in a MiB"), std::string::npos) << text;
}

TEST(LibraftRewrite, ChangesOneFieldAndTheRestStays) {
  for (const Frame& frame : frames_of(all())) {
    if (!frame.message) continue;
    for (const std::string_view field : {"term", "prev_index", "prev_term", "commit", "last_index",
                                         "last_term", "success", "match"}) {
      const auto changed = altered(Protocol::Libraft, frame, field, field == "success" ? 0 : 70000);
      if (!changed.ok()) continue;
      EXPECT_EQ(changed.value().bytes.size(), frame.bytes.size());
      const Frame again = frames_of(greeting() + changed.value().bytes).back();
      EXPECT_EQ(show(Protocol::Libraft, again), show(Protocol::Libraft, changed.value()));
      const std::string text = show(Protocol::Libraft, again);
      const std::string value = field == "success" ? "false" : "70000";
      // A result names its last index in one of two ways.
      const bool named = text.find('"' + std::string(field) + "\":" + value) != std::string::npos;
      EXPECT_TRUE(named || frame.message->type == MessageType::AppendReply) << field << text;
    }
  }
}

TEST(LibraftRewrite, SaysWhatCannotBeDone) {
  const Frame frame = frames_of(greeting() + vote(0)).back();
  EXPECT_EQ(altered(Protocol::Libraft, frame, "commit", 1).error().message,
            "RequestVote of libraft has no field commit that can be altered");
  EXPECT_FALSE(altered(Protocol::Libraft, frame, "term", ~std::uint64_t{0}).ok());
  EXPECT_EQ(refusal(Protocol::Libraft, frame).error().message,
            "an answer of libraft comes on another connection than RequestVote");
  EXPECT_TRUE(supports(Protocol::Libraft, Deed::Drop, MessageType::InstallSnapshot).ok());
  EXPECT_FALSE(supports(Protocol::Libraft, Deed::Answer, MessageType::RequestVote).ok());
  EXPECT_FALSE(supports(Protocol::Libraft, Deed::Corrupt, MessageType::RequestVote).ok());
  EXPECT_FALSE(supports(Protocol::Libraft, Deed::Drop, MessageType::Heartbeat).ok());
  EXPECT_FALSE(supports(Protocol::Libraft, Deed::Drop, MessageType::Propose).ok());
}

TEST(LibraftEncoder, DroppedDelayedAndRepeatedMessagesDecodeAgain) {
  const std::vector<Frame> frames = frames_of(all());
  const auto encoder = make_encoder(Protocol::Libraft, kDialer);
  std::string given = encoder->forward(frames[0]);
  given += encoder->leave_out(frames[1]);
  given += encoder->forward(frames[2]);
  given += encoder->out_of_turn(frames[9]);
  given += encoder->out_of_turn(frames[1]);
  given += encoder->out_of_turn(frames[2]);
  const std::vector<Frame> again = frames_of(given);
  ASSERT_EQ(again.size(), 5U);
  EXPECT_EQ(again[1].bytes, frames[2].bytes);
  EXPECT_EQ(again[2].bytes, frames[9].bytes);
  EXPECT_EQ(again[3].bytes, frames[1].bytes);
}

}  // namespace
}  // namespace check::wire
