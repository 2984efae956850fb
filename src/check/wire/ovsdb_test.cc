// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check/wire/golden_streams_test.h"

namespace check::wire {
namespace {

const GoldenStreams kStreams{Protocol::Ovsdb, TESTDATA "/ovsdb.txt"};

TEST(OvsdbDecoder, SaysOfEachStreamWhatTheGoldenFileSays) {
  kStreams.each([](const std::vector<Piece>& pieces, bool) { EXPECT_FALSE(pieces.empty()); });
}

TEST(OvsdbDecoder, GivesTheSameFramesHoweverTheBytesAreCut) { kStreams.expect_same_however_cut(); }

TEST(OvsdbDecoder, ReadsALargeSnapshotThatComesInSmallPieces) {
  std::string object = R"({"method":"install_snapshot_request","id":null,"params":[{"data":[{},")";
  object += std::string(3000000, '[');
  object += R"("],"term":1,"last_index":2,"last_term":1}]})";
  const auto decoder = make_decoder(Protocol::Ovsdb);
  std::vector<Frame> out;
  for (std::size_t at = 0; at < object.size(); at += 1000) {
    decoder->feed(Direction::FromDialer, object.substr(at, 1000), out);
  }
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].bytes, object);
  EXPECT_EQ(out[0].message->last_index, Index(2));
}

void expect_read_as_told(const Frame& frame) {
  const auto decoder = make_decoder(Protocol::Ovsdb);
  std::vector<Frame> out;
  decoder->feed(frame.direction, frame.bytes, out);
  ASSERT_EQ(out.size(), 1U);
  ASSERT_TRUE(out[0].message.has_value());
  EXPECT_EQ(show(Protocol::Ovsdb, *out[0].message), show(Protocol::Ovsdb, *frame.message));
}

TEST(OvsdbRewrite, AnAlteredMessageSaysTheNewValueAndElseTheSame) {
  EXPECT_GT(kStreams.alterations(expect_read_as_told), 100U);
}

TEST(OvsdbRewrite, RefusesAsAReceiverWould) {
  const std::string text = kStreams.refusals(expect_read_as_told);
  const auto says = [&text](std::string_view what) { return text.find(what) != text.npos; };
  EXPECT_TRUE(says(R"("term":5,"prev_index":17,"prev_term":3,"success":false,"last_index":16})"))
      << text;
  EXPECT_TRUE(says(R"("type":"RequestVoteReply")")) << text;
  EXPECT_TRUE(says(R"("term":8,"term_entered":false,"success":false})")) << text;
  EXPECT_TRUE(says(R"("type":"ProposeReply")")) << text;
}

TEST(OvsdbRewrite, SupportsWhatDoesNotBreakTheStream) {
  const auto why = [](Deed deed, MessageType type) {
    const auto status = supports(Protocol::Ovsdb, deed, type);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(why(Deed::Drop, MessageType::AppendEntries), "");
  EXPECT_EQ(why(Deed::Answer, MessageType::RequestVote), "");
  EXPECT_EQ(why(Deed::Drop, MessageType::Heartbeat),
            "a heartbeat of OVSDB is an AppendEntries without entries");
  EXPECT_EQ(why(Deed::Corrupt, MessageType::AppendEntries),
            "OVSDB has no checksum: a damaged message would be taken for another one");
  EXPECT_EQ(why(Deed::Answer, MessageType::AppendReply), "AppendReply of OVSDB is never refused");
  EXPECT_EQ(why(Deed::Alter, MessageType::Other),
            "Other of OVSDB has no field that can be altered");
}

}  // namespace
}  // namespace check::wire
