// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "check/wire/raftkv_frame.h"
#include "check/wire/streams_test.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/sample_test.h"
#include "codec/show_test.h"
#include "golden/golden.h"

namespace check::wire {
namespace {

constexpr codec::Address kThere{{7}, {1}, {2}, {11}, {21}};
constexpr codec::Address kBack{{7}, {2}, {1}, {21}, {11}};

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  const std::uint64_t seed = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  std::cout << "SEED=" << seed << '\n';
  return seed;
}

Frame frame_of(const codec::Body& body) {
  const std::vector<Piece> pieces = {
      {Direction::FromDialer, codec::encoded(codec::Hello{}) + codec::encoded(body), 0}};
  const auto decoder = make_decoder(Protocol::Raftkv);
  std::vector<Frame> frames = decoded(*decoder, pieces);
  EXPECT_EQ(frames.size(), 2U);
  return frames.back();
}

std::vector<Piece> conversation() {
  std::string there;
  std::string back = codec::encoded(codec::Hello{}, kBack);
  for (const auto& [name, body] : codec::samples()) {
    there += codec::encoded(body, kThere);
    if (name != "hello") back += codec::encoded(body, kBack);
  }
  return {{Direction::FromDialer, there, 0}, {Direction::FromAcceptor, back, 0}};
}

// The other side of the comparison: what the server's own code thinks it has sent.
class Meaning {
 public:
  Message operator()(const raft::PreVote& ask) const {
    Message message = vote(MessageType::PreVote, ask.term, ask.last);
    message.term_entered = false;
    return message;
  }
  Message operator()(const raft::RequestVote& ask) const {
    Message message = vote(MessageType::RequestVote, ask.term, ask.last);
    message.transfer = ask.transfer;
    return message;
  }
  Message operator()(const raft::PreVoteReply& reply) const {
    Message message = vote_reply(MessageType::PreVoteReply, reply.term, reply.granted);
    message.term_entered = !reply.granted;
    return message;
  }
  Message operator()(const raft::VoteReply& reply) const {
    return vote_reply(MessageType::RequestVoteReply, reply.term, reply.granted);
  }
  Message operator()(const raft::AppendEntries& append) const {
    Message message;
    message.type = MessageType::AppendEntries;
    message.term = Term(append.term.value());
    message.prev_index = Index(append.previous.index.value());
    message.prev_term = Term(append.previous.term.value());
    message.commit = Index(append.commit.value());
    message.context = append.round;
    for (const raft::Entry& entry : append.entries) {
      const std::string content = entry.payload == nullptr ? "" : *entry.payload;
      message.entries.push_back({Index(entry.id.index.value()), Term(entry.id.term.value()),
                                 entry.kind == raft::EntryKind::Noop ? EntryKind::Noop
                                 : entry.kind == raft::EntryKind::Configuration
                                     ? EntryKind::Configuration
                                     : EntryKind::Command,
                                 hash_of(content), content.size()});
    }
    return message;
  }
  Message operator()(const raft::AppendReply& reply) const {
    Message message;
    message.type = MessageType::AppendReply;
    message.term = Term(reply.term.value());
    message.prev_index = Index(reply.previous.value());
    message.context = reply.round;
    message.success = reply.success;
    if (reply.success) message.match = Index(reply.match().value());
    return message;
  }
  Message operator()(const raft::SnapshotChunk& chunk) const {
    return vote(MessageType::InstallSnapshot, chunk.term, chunk.last);
  }
  Message operator()(const raft::SnapshotReply& reply) const {
    Message message = vote_reply(MessageType::SnapshotReply, reply.term, true);
    if (reply.installed) message.match = Index(reply.last.index.value());
    return message;
  }
  Message operator()(const raft::TimeoutNow& request) const {
    Message message;
    message.type = MessageType::TimeoutNow;
    message.term = Term(request.term.value());
    return message;
  }
  Message operator()(const raft::ReadIndexRequest& request) const {
    Message message;
    message.type = MessageType::ReadIndex;
    message.term = Term(request.term.value());
    message.context = request.context;
    return message;
  }
  Message operator()(const raft::ReadIndexReply& reply) const {
    Message message = vote_reply(MessageType::ReadIndexReply, reply.term, reply.granted);
    message.context = reply.context;
    return message;
  }

 private:
  static Message vote(MessageType type, raft::Term term, const raft::EntryId& last) {
    Message message;
    message.type = type;
    message.term = Term(term.value());
    message.last_term = Term(last.term.value());
    message.last_index = Index(last.index.value());
    return message;
  }
  static Message vote_reply(MessageType type, raft::Term term, bool granted) {
    Message message;
    message.type = type;
    message.term = Term(term.value());
    message.success = granted;
    return message;
  }
};

TEST(RaftkvDecoder, SaysOfEachStreamWhatTheGoldenFileSays) {
  golden::run_blocks(TESTDATA "/raftkv.txt", [](const golden::Block& block) {
    std::vector<Piece> pieces;
    const bool begun = block.front() != "in mid-stream";
    for (std::size_t at = begun ? 0 : 1; at < block.size(); ++at)
      pieces.push_back(piece(block[at]));
    return transcript(Protocol::Raftkv, pieces, {begun});
  });
}

TEST(RaftkvDecoder, GivesTheSameFramesHoweverTheBytesAreCut) {
  expect_partition_however_cut(Protocol::Raftkv, conversation());
}

TEST(RaftkvDecoder, UnderstandsWhatTheServersOwnCodeMeans) {
  base::Prng prng(seed_from_environment());
  std::vector<raft::Message> messages;
  for (const auto& [name, body] : codec::samples()) {
    if (const auto* message = std::get_if<raft::Message>(&body)) messages.push_back(*message);
  }
  for (int i = 0; i < 300; ++i) messages.emplace_back(codec::random_append(prng));
  for (const raft::Message& message : messages) {
    Message meant = std::visit(Meaning(), message);
    const Frame frame = frame_of(message);
    ASSERT_TRUE(frame.message.has_value());
    meant.name = frame.message->name;
    meant.sender = "1";
    meant.receiver = "2";
    EXPECT_EQ(show(Protocol::Raftkv, *frame.message), show(Protocol::Raftkv, meant));
  }
}

TEST(RaftkvDecoder, FindsTheNextFrameAfterBytesThatWereLost) {
  const std::string hello = codec::encoded(codec::Hello{});
  const std::string vote = codec::encoded(raft::Message(raft::VoteReply{raft::Term(5), true}));
  for (std::size_t lost = 1; lost <= 2 * vote.size(); ++lost) {
    const std::string seen = (hello + vote + vote + vote).substr(hello.size() + lost);
    const std::string text = transcript(Protocol::Raftkv, {{Direction::FromDialer, hello, 0},
                                                           {Direction::FromDialer, {}, lost},
                                                           {Direction::FromDialer, seen, 0}});
    std::size_t votes = 0;
    for (std::size_t at = text.find("VoteReply"); at != std::string::npos;
         at = text.find("\"name\":\"VoteReply\"", at + 1)) {
      votes += 1;
    }
    EXPECT_GE(votes, 1U) << lost << '\n' << text;
    EXPECT_EQ(text.find("opaque"), std::string::npos);
  }
}

TEST(RaftkvDecoder, GivesUpWhereNoFrameIs) {
  const std::string text = transcript(
      Protocol::Raftkv, {{Direction::FromDialer, std::string((1U << 20U) + 100, 'x'), 0}}, {false});
  EXPECT_EQ(text,
            "> 1048676 bytes\n> opaque: no raftkv frame begins in a MiB, at byte 1048649 of the "
            "stream");
}

TEST(RaftkvRewrite, ChangesOneFieldAndSetsTheChecksum) {
  for (const auto& [name, body] : codec::samples()) {
    const auto* message = std::get_if<raft::Message>(&body);
    if (message == nullptr) continue;
    const Frame frame = frame_of(*message);
    for (const std::string_view field : {"term", "last_term", "last_index", "prev_term",
                                         "prev_index", "commit", "success", "match"}) {
      const auto changed = altered(Protocol::Raftkv, frame, field, 1);
      if (!changed.ok()) continue;
      EXPECT_TRUE(raftkv_is_sealed(changed.value().bytes));
      const std::string meaning = show(Protocol::Raftkv, *changed.value().message);
      const std::string value = field == "success" ? "true" : "1";
      if (field != "match" || *frame.message->success) {
        EXPECT_NE(meaning.find('"' + std::string(field) + "\":" + value), std::string::npos)
            << meaning;
      }
    }
  }
}

TEST(RaftkvRewrite, SaysWhatCannotBeAltered) {
  const Frame vote = frame_of(raft::Message(raft::VoteReply{raft::Term(5), true}));
  EXPECT_EQ(altered(Protocol::Raftkv, vote, "commit", 1).error().message,
            "VoteReply of raftkv has no field commit, only term, success");
  EXPECT_EQ(altered(Protocol::Raftkv, vote, "term", ~std::uint64_t{0}).error().message,
            "raftkv frame (VoteReply): a term or an index is above 2^62 at byte 44");
  EXPECT_EQ(altered(Protocol::Raftkv, frame_of(codec::Forward{}), "term", 1).error().message,
            "Forward of raftkv has no field that can be altered");
}

TEST(RaftkvRewrite, RefusesRequestsAsTheirReceiverWould) {
  std::string text;
  for (const auto& [name, body] : codec::samples()) {
    if (name == "hello") continue;
    const auto answer = refusal(Protocol::Raftkv, frame_of(body));
    text += name + ": ";
    if (!answer.ok()) {
      text += answer.error().message + '\n';
      continue;
    }
    EXPECT_EQ(answer.value().direction, Direction::FromAcceptor);
    // Read by the server's own code.
    const auto read = codec::decode_frame(answer.value().bytes, codec::Limits{}, 0);
    ASSERT_TRUE(read.ok() && read.value());
    text += codec::show(read.value()->frame) + '\n';
  }
  EXPECT_EQ(text, R"(pre-vote: n2 -> n1 cluster 7: PreVoteReply term=3 granted=0
pre-vote-reply: PreVoteReply is not a request
request-vote: n2 -> n1 cluster 7: VoteReply term=4 granted=0
request-vote-transfer: n2 -> n1 cluster 7: VoteReply term=4 granted=0
vote-reply: VoteReply is not a request
heartbeat: n2 -> n1 cluster 7: AppendReply term=4 previous=9 round=11 success=0 match=0 hint=3.8
append-entries: n2 -> n1 cluster 7: AppendReply term=4 previous=9 round=12 success=0 match=0 hint=3.8
append-reply: AppendReply is not a request
append-refusal: AppendReply is not a request
append-loss: AppendReply is not a request
append-configuration: n2 -> n1 cluster 7: AppendReply term=4 previous=9 round=12 success=0 match=0 hint=3.8
snapshot-chunk: SnapshotChunk is not a request
snapshot-empty: SnapshotChunk is not a request
snapshot-reply: SnapshotReply is not a request
snapshot-installed: SnapshotReply is not a request
timeout-now: TimeoutNow is not a request
read-index-request: ReadIndexRequest is not a request
read-index-reply: ReadIndexReply is not a request
read-index-refusal: ReadIndexReply is not a request
forward-write: n2 -> n1 cluster 7: ForwardReply sequence=1 not done: overloaded
forward-read: n2 -> n1 cluster 7: ForwardReply sequence=2 not done: overloaded
forward-done: ForwardReply is not a request
forward-not-leader: ForwardReply is not a request
forward-overloaded: ForwardReply is not a request
forward-unknown: ForwardReply is not a request
)");
}

TEST(RaftkvRewrite, WhatIsSupportedCanBeDone) {
  for (const auto& [name, body] : codec::samples()) {
    if (name == "hello") continue;
    const Frame frame = frame_of(body);
    const MessageType type = frame.message->type;
    EXPECT_EQ(supports(Protocol::Raftkv, Deed::Answer, type).ok(),
              refusal(Protocol::Raftkv, frame).ok())
        << name;
    EXPECT_TRUE(supports(Protocol::Raftkv, Deed::Drop, type).ok());
  }
  EXPECT_FALSE(supports(Protocol::Raftkv, Deed::Drop, MessageType::Heartbeat).ok());
  EXPECT_FALSE(supports(Protocol::Raftkv, Deed::Duplicate, MessageType::Propose).ok());
}

TEST(RaftkvEncoder, DroppedDelayedAndRepeatedFramesDecodeAgain) {
  const auto decoder = make_decoder(Protocol::Raftkv);
  std::vector<Frame> frames = decoded(*decoder, {conversation().front()});
  const auto encoder = make_encoder(Protocol::Raftkv, Direction::FromDialer);
  std::string bytes = encoder->forward(frames[0]);
  bytes += encoder->leave_out(frames[1]);
  bytes += encoder->forward(frames[2]);
  bytes += encoder->out_of_turn(frames[1]);
  bytes += encoder->out_of_turn(frames[2]);
  const auto again = make_decoder(Protocol::Raftkv);
  const std::vector<Frame> given = decoded(*again, {{Direction::FromDialer, bytes, 0}});
  ASSERT_EQ(given.size(), 4U);
  EXPECT_EQ(given[1].bytes, frames[2].bytes);
  EXPECT_EQ(given[2].bytes, frames[1].bytes);
  EXPECT_EQ(given[3].bytes, frames[2].bytes);
}

}  // namespace
}  // namespace check::wire
