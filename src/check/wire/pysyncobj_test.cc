// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check/wire/golden_streams_test.h"

namespace check::wire {
namespace {

const GoldenStreams kStreams{Protocol::Pysyncobj, TESTDATA "/pysyncobj.txt"};

TEST(PysyncobjDecoder, SaysOfEachStreamWhatTheGoldenFileSays) {
  kStreams.each([](const std::vector<Piece>& pieces, bool) { EXPECT_FALSE(pieces.empty()); });
}

TEST(PysyncobjDecoder, GivesTheSameFramesHoweverTheBytesAreCut) {
  kStreams.expect_same_however_cut();
}

TEST(PysyncobjDecoder, DoesNotSearchForEver) {
  // What might be a frame, again and again.
  std::string stream;
  for (int at = 0; at < 1000; ++at) stream += unhex("08 00 00 00 78 9c 02 00 00 00 00 00");
  const std::string text =
      transcript(Protocol::Pysyncobj, {{Direction::FromDialer, stream, 0}}, {false});
  EXPECT_NE(text.find("> opaque: no frame was found"), std::string::npos) << text;
}

// What a receiver that knows nothing else makes of the frame.
void expect_read_as_told(const Frame& frame) {
  if (frame.message->name == "append_entries(finish)") return;  // Needs the pieces before it.
  const auto decoder = make_decoder(Protocol::Pysyncobj, {false});
  std::vector<Frame> out;
  decoder->feed(frame.direction, frame.bytes, out);
  ASSERT_EQ(out.size(), 1U);
  ASSERT_TRUE(out[0].message.has_value());
  Message message = *out[0].message;
  message.sender = frame.message->sender;
  message.receiver = frame.message->receiver;
  message.last_index = frame.message->last_index;
  EXPECT_EQ(show(Protocol::Pysyncobj, message), show(Protocol::Pysyncobj, *frame.message));
}

TEST(PysyncobjRewrite, AnAlteredMessageSaysTheNewValueAndElseTheSame) {
  EXPECT_GT(kStreams.alterations(expect_read_as_told), 100U);
}

TEST(PysyncobjRewrite, SaysWhatCannotBeAltered) {
  std::vector<std::string> said;
  for (const Frame& frame : kStreams.frames()) {
    said.push_back(altered(Protocol::Pysyncobj, frame, "snowfall", 1).error().message);
  }
  const auto says = [&said](const char* what) {
    return std::ranges::find(said, what) != said.end();
  };
  EXPECT_TRUE(
      says("request_vote of PySyncObj has no field snowfall, only term, last_index, last_term"));
  EXPECT_TRUE(says("apply_command of PySyncObj has no field that can be altered"));
}

TEST(PysyncobjRewrite, RefusesAsAReceiverWould) {
  EXPECT_EQ(
      kStreams.refusals(expect_read_as_told),
      R"text(request_vote: PySyncObj does not refuse a vote but stays silent: drop the request instead
append_entries: {"type":"AppendReply","name":"next_node_idx(reset)","receiver":"127.0.0.1:31002","success":false}
append_entries(finish): {"type":"AppendReply","name":"next_node_idx(reset)","receiver":"127.0.0.1:31002","success":false}
apply_command: {"type":"ProposeReply","name":"apply_command_response","sender":"127.0.0.1:31002","success":false}
)text");
}

TEST(PysyncobjRewrite, SupportsWhatDoesNotBreakTheStream) {
  const auto fine = [](Deed deed, MessageType type) {
    return supports(Protocol::Pysyncobj, deed, type).ok();
  };
  EXPECT_TRUE(fine(Deed::Drop, MessageType::AppendEntries));
  EXPECT_TRUE(fine(Deed::Duplicate, MessageType::AppendReply));
  EXPECT_TRUE(fine(Deed::Answer, MessageType::AppendEntries));
  EXPECT_FALSE(fine(Deed::Answer, MessageType::RequestVote));
  EXPECT_FALSE(fine(Deed::Duplicate, MessageType::Propose));
  EXPECT_FALSE(fine(Deed::Reorder, MessageType::InstallSnapshot));
  EXPECT_FALSE(fine(Deed::Drop, MessageType::TimeoutNow));
  EXPECT_FALSE(fine(Deed::Alter, MessageType::Propose));
}

}  // namespace
}  // namespace check::wire
