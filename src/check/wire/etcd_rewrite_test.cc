// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check/wire/etcd_sample_test.h"

namespace check::wire {
namespace {

using etcd_sample::conversation;

std::string show(const Message& message) { return show(Protocol::Etcd, message); }

Frame frame_of(const std::vector<std::string>& lines) {
  const auto decoder = make_decoder(Protocol::Etcd);
  for (const Frame& frame : decoded(*decoder, conversation(lines))) {
    if (frame.message) return frame;
  }
  return {};
}

// What a receiver makes of the frame.
std::string read_again(const Frame& frame) {
  std::vector<Piece> pieces;
  if (frame.direction == Direction::FromAcceptor) {
    pieces = etcd_sample::stream_asked_for("message");
  }
  pieces.push_back({frame.direction, frame.bytes, 0});
  const auto decoder = make_decoder(Protocol::Etcd);
  return show(*decoded(*decoder, pieces).back().message);
}

TEST(EtcdRewrite, ChangesOneField) {
  struct Case {
    std::string line;
    std::vector<std::string> fields;
  };
  const std::vector<Case> cases = {
      {"< streamed type=3 term=4 index=9 log_term=3 commit=8",
       {"term", "commit", "prev_index", "prev_term"}},
      {"< streamed type=3 term=4 index=9 log_term=3 commit=8 e=10/4/0/x",
       {"term", "commit", "prev_term"}},
      {"< streamed type=4 term=4 index=9", {"term", "match", "success"}},
      {"< streamed type=4 term=4 index=9 reject=1", {"term", "success"}},
      {"< streamed type=5 term=4 index=9 log_term=3", {"term", "last_index", "last_term"}},
      {"< streamed type=6 term=4", {"term", "success"}},
      {"< streamed type=8 term=4 commit=9", {"term", "commit"}},
      {"< streamed type=14 term=4", {"term"}},
      {"< streamed type=15 e=0/0/0/12345678", {}},
      {"> post type=8 term=4 commit=9", {"term", "commit"}},
  };
  const std::vector<std::string> all = {"term",    "commit", "prev_index", "prev_term",
                                        "success", "match",  "last_index", "last_term"};
  for (const Case& each : cases) {
    const bool post = each.line[0] == '>';
    const Frame frame =
        frame_of(post ? std::vector{each.line} : std::vector<std::string>{"message", each.line});
    ASSERT_TRUE(frame.message) << each.line;
    for (const std::string& field : all) {
      const bool can =
          std::find(each.fields.begin(), each.fields.end(), field) != each.fields.end();
      const std::uint64_t opposite = frame.message->success == true ? 0 : 1;
      const std::uint64_t value = field == "success" ? opposite : 1'000'000;
      const auto changed = altered(Protocol::Etcd, frame, field, value);
      ASSERT_EQ(changed.ok(), can) << each.line << ' ' << field;
      if (!can) continue;
      const std::string read = read_again(changed.value());
      EXPECT_EQ(read, show(*changed.value().message));
      EXPECT_NE(read, show(*frame.message));
      if (field == "success") continue;
      EXPECT_NE(read.find('"' + field + "\":1000000"), std::string::npos) << read;
    }
  }
}

TEST(EtcdRewrite, SaysWhatCannotBeDone) {
  const Frame post = frame_of({"> post type=8 term=4 commit=9"});
  const Frame streamed = frame_of({"message", "< streamed type=8 term=4 commit=9"});
  EXPECT_TRUE(supports(Protocol::Etcd, Deed::Drop, post).ok());
  EXPECT_TRUE(supports(Protocol::Etcd, Deed::Alter, post).ok());
  EXPECT_TRUE(supports(Protocol::Etcd, Deed::Delay, streamed).ok());
  EXPECT_EQ(supports(Protocol::Etcd, Deed::Delay, post).error().message,
            "etcd: this message was posted, and a second request would get a second answer");
  EXPECT_EQ(supports(Protocol::Etcd, Deed::Answer, MessageType::RequestVote).error().message,
            "etcd: the answer to RequestVote takes another connection");
  EXPECT_EQ(supports(Protocol::Etcd, Deed::Corrupt, MessageType::RequestVote).error().message,
            "etcd: messages have no checksum, what is corrupt would be believed; alter a field");
  EXPECT_EQ(supports(Protocol::Etcd, Deed::Duplicate, MessageType::InstallSnapshot).error().message,
            "etcd: a snapshot is the body of one request, which only goes whole");
  EXPECT_EQ(supports(Protocol::Etcd, Deed::Drop, MessageType::ProposeReply).error().message,
            "etcd: there is no ProposeReply");
  EXPECT_FALSE(refusal(Protocol::Etcd, streamed).ok());
  EXPECT_FALSE(altered(Protocol::Etcd, streamed, "term", ~std::uint64_t{0}).ok());
}

}  // namespace
}  // namespace check::wire
