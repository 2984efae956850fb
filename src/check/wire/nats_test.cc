// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check/wire/golden_streams_test.h"

namespace check::wire {
namespace {

const GoldenStreams kStreams{Protocol::Nats, TESTDATA "/nats.txt"};

TEST(NatsDecoder, SaysOfEachStreamWhatTheGoldenFileSays) {
  kStreams.each([](const std::vector<Piece>& pieces, bool) { EXPECT_FALSE(pieces.empty()); });
}

TEST(NatsDecoder, GivesTheSameFramesHoweverTheBytesAreCut) { kStreams.expect_same_however_cut(); }

TEST(NatsDecoder, GivesUpOnALineWithoutEnd) {
  const std::string text = transcript(
      Protocol::Nats, {{Direction::FromDialer, "INFO " + std::string((1U << 20U) + 1, 'x'), 0}});
  EXPECT_EQ(text, "> 1048582 bytes\n> opaque: a line is too long, at byte 0 of the stream");
}

// Framed as before. What it means depends on messages before it, so only its kind is compared.
void expect_framed(const Frame& frame) {
  const auto decoder = make_decoder(Protocol::Nats);
  std::vector<Frame> out;
  decoder->feed(frame.direction, frame.bytes, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_FALSE(decoder->opaque(frame.direction)) << *decoder->opaque(frame.direction);
  ASSERT_TRUE(out[0].message.has_value());
  if (frame.message->type == MessageType::AppendEntries && frame.message->name != "CR") {
    EXPECT_EQ(out[0].message->entries, frame.message->entries);
    EXPECT_EQ(out[0].message->group, frame.message->group);
  }
}

TEST(NatsRewrite, AnAlteredMessageSaysTheNewValue) {
  EXPECT_GT(kStreams.alterations(expect_framed), 100U);
}

TEST(NatsRewrite, RefusesAsAReceiverWould) {
  const std::string text = kStreams.refusals(expect_framed);
  const auto says = [&text](std::string_view what) { return text.find(what) != text.npos; };
  EXPECT_TRUE(says("V: the receiver has not said yet what the Rafts of NATS call it\n")) << text;
  EXPECT_TRUE(says(R"("name":"AER","group":"S-R3F-abc","sender":"fjFyEjc1","receiver":"44jzkV9D",)"
                   R"("term":2,"term_entered":false,"success":false})"))
      << text;
}

TEST(NatsRewrite, ARefusalReachesTheInboxThatWaitsForIt) {
  for (const Frame& frame : kStreams.frames()) {
    const auto answer = refusal(Protocol::Nats, frame);
    if (!answer.ok()) continue;
    const auto decoder = make_decoder(Protocol::Nats);
    const std::vector<Frame> out = decoded(
        *decoder,
        {{frame.direction, frame.bytes, 0}, {answer.value().direction, answer.value().bytes, 0}});
    ASSERT_EQ(out.size(), 2U);
    if (frame.message->name == "CR") continue;  // Its own inbox is not known here.
    EXPECT_EQ(show(Protocol::Nats, *out[1].message), show(Protocol::Nats, *answer.value().message));
  }
}

TEST(NatsRewrite, SupportsWhatDoesNotBreakTheStream) {
  const auto why = [](Deed deed, MessageType type) {
    const auto status = supports(Protocol::Nats, deed, type);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(why(Deed::Drop, MessageType::AppendEntries), "");
  EXPECT_EQ(why(Deed::Answer, MessageType::RequestVote), "");
  EXPECT_EQ(why(Deed::Corrupt, MessageType::AppendEntries),
            "NATS has no checksum: a damaged message would be taken for another one");
  EXPECT_EQ(why(Deed::Duplicate, MessageType::Propose),
            "NATS trusts a route not to repeat a proposal: it would be done twice");
  EXPECT_EQ(why(Deed::Drop, MessageType::PreVote), "NATS has no message of type PreVote");
}

}  // namespace
}  // namespace check::wire
