// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check/wire/msgpack.h"
#include "check/wire/streams_test.h"
#include "golden/golden.h"

namespace check::wire {
namespace {

constexpr Direction kDialer = Direction::FromDialer;
constexpr Direction kAcceptor = Direction::FromAcceptor;

using Naturals = std::vector<std::pair<std::string_view, std::uint64_t>>;

// A map of numbers, with one member more whose value is given in MessagePack.
std::string map_of(const Naturals& members, std::string_view key, std::string_view value) {
  std::string out;
  msgpack_map(out, members.size() + 1);
  for (const auto& [name, number] : members) {
    msgpack_raw(out, name);
    msgpack_natural(out, number);
  }
  msgpack_raw(out, key);
  return out.append(value);
}

std::string append(std::uint64_t prev, std::uint64_t commit = 1) {
  const std::string map = map_of({{"Term", 2},
                                  {"PrevLogEntry", prev},
                                  {"PrevLogTerm", prev == 0 ? 0U : 2U},
                                  {"LeaderCommitIndex", commit}},
                                 "Leader",
                                 "\xa3"
                                 "a:1");
  return std::string(1, '\0') + map;
}
std::string heartbeat() { return append(0, 0); }
std::string vote(char rpc) {
  return rpc + map_of({{"Term", 3}, {"LastLogIndex", 7}, {"LastLogTerm", 2}}, "Candidate",
                      "\xa3"
                      "a:1");
}
std::string snapshot(std::uint64_t size) {
  return '\2' +
         map_of({{"Term", 3}, {"LastLogIndex", 7}, {"LastLogTerm", 2}, {"Size", size}}, "Leader",
                "\xa0") +
         std::string(size, 's');
}
std::string timeout_now() { return '\3' + map_of({}, "ProtocolVersion", "\3"); }
std::string append_answer(std::uint64_t term) {
  return '\xa0' + map_of({{"Term", term}, {"LastLog", 5}}, "Success", "\xc3");
}
std::string vote_answer(std::uint64_t term) {
  return '\xa0' + map_of({{"Term", term}}, "Granted", "\xc3");
}

std::vector<Piece> conversation() {
  const std::string nothing = "\xa0\xc0";
  return {{kDialer, vote('\4') + vote('\1')},
          {kAcceptor, vote_answer(3) + vote_answer(3)},
          {kDialer, append(5) + heartbeat() + append(6)},
          {kAcceptor, append_answer(2) + append_answer(2)},
          {kDialer, snapshot(300) + timeout_now()},
          {kAcceptor, append_answer(2) + append_answer(3) + nothing},
          {kDialer, append(8)}};
}

std::vector<Frame> frames_of(const std::vector<Piece>& pieces) {
  const auto decoder = make_decoder(Protocol::Hashicorp);
  return decoded(*decoder, pieces);
}

TEST(HashicorpDecoder, SaysOfEachConnectionWhatTheGoldenFileSays) {
  golden::run_blocks(TESTDATA "/hashicorp.txt", [](const golden::Block& block) {
    std::vector<Piece> pieces;
    const bool begun = block.front() != "in mid-stream";
    for (std::size_t at = begun ? 0 : 1; at < block.size(); ++at)
      pieces.push_back(piece(block[at]));
    return transcript(Protocol::Hashicorp, pieces, {begun});
  });
}

TEST(HashicorpDecoder, GivesTheSameFramesHoweverTheBytesAreCut) {
  expect_partition_however_cut(Protocol::Hashicorp, conversation());
}

TEST(HashicorpDecoder, ASnapshotIsNotWaitedFor) {
  const auto decoder = make_decoder(Protocol::Hashicorp);
  std::vector<Frame> out;
  decoder->feed(kDialer, snapshot(std::uint64_t{1} << 20U).substr(0, 5000), out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].bytes.size() + out[1].bytes.size(), 5000U);
  decoder->feed(kDialer, "more", out);
  EXPECT_EQ(out.back().bytes, "more");
}

TEST(HashicorpDecoder, ARequestThatIsLeftOutHasNoAnswer) {
  const auto decoder = make_decoder(Protocol::Hashicorp);
  std::vector<Frame> out;
  decoder->feed(kDialer, append(5) + append(6) + append(7), out);
  decoder->left_out(out[1]);
  decoder->feed(kAcceptor, append_answer(2) + append_answer(2), out);
  ASSERT_EQ(out.size(), 5U);
  EXPECT_EQ(out[3].message->match, Index(5));
  EXPECT_EQ(out[4].message->match, Index(7));
}

TEST(HashicorpDecoder, KeepsOnlySoManyUnansweredRequests) {
  std::string requests;
  for (int i = 0; i < 70000; ++i) requests += timeout_now();
  const std::string text = transcript(Protocol::Hashicorp, {{kDialer, requests}});
  EXPECT_NE(text.find("< opaque: too many requests are not answered"), std::string::npos);
  EXPECT_EQ(text.find("> opaque"), std::string::npos);
}

// A request to which this is an answer.
std::string request_for(const Message& answer) {
  if (answer.type == MessageType::RequestVoteReply) return vote('\1');
  if (answer.type == MessageType::PreVoteReply) return vote('\4');
  if (answer.type == MessageType::SnapshotReply) return snapshot(0);
  if (answer.type == MessageType::HeartbeatReply) return heartbeat();
  return append(answer.prev_index->value());
}

// A changed frame must decode to what it says of itself.
void expect_change(const Frame& frame, std::string_view field) {
  const std::uint64_t value = field == "success" ? 0 : 70000;
  const auto changed = altered(Protocol::Hashicorp, frame, field, value);
  if (!changed.ok()) return;
  std::vector<Piece> pieces = {{frame.direction, changed.value().bytes}};
  if (frame.direction == kAcceptor) {
    pieces.insert(pieces.begin(), Piece{kDialer, request_for(*frame.message)});
  }
  const std::vector<Frame> frames = frames_of(pieces);
  ASSERT_TRUE(frames.back().message.has_value()) << field;
  const Message& again = *frames.back().message;
  Message expected = *changed.value().message;
  expected.sender = again.sender;
  expected.receiver = again.receiver;
  // Which end of the log a refused append names was not said by the success.
  if (field == "success") expected.last_index = again.last_index;
  if (frame.message->type == MessageType::PreVoteReply) {
    expected.term_entered = again.term_entered;
  }
  EXPECT_EQ(show(Protocol::Hashicorp, again), show(Protocol::Hashicorp, expected));
}

TEST(HashicorpRewrite, ChangesOneFieldAndTheRestStays) {
  for (const Frame& frame : frames_of(conversation())) {
    if (!frame.message) continue;
    for (const std::string_view field : {"term", "prev_index", "prev_term", "commit", "last_index",
                                         "last_term", "success", "match"}) {
      expect_change(frame, field);
    }
  }
}

TEST(HashicorpRewrite, SaysWhatCannotBeAltered) {
  const Frame frame = frames_of({{kDialer, append(5)}}).front();
  EXPECT_EQ(altered(Protocol::Hashicorp, frame, "match", 1).error().message,
            "AppendEntries has no field match, only term, prev_index, prev_term, commit");
  EXPECT_EQ(altered(Protocol::Hashicorp, frame, "term", ~std::uint64_t{0}).error().message,
            "the value is out of range");
  const Frame now = frames_of({{kDialer, timeout_now()}}).front();
  EXPECT_EQ(altered(Protocol::Hashicorp, now, "term", 1).error().message,
            "TimeoutNow has no field that can be altered");
}

TEST(HashicorpRewrite, RefusesRequestsSoThatTheRefusalDecodesToItself) {
  for (const std::string& request :
       {vote('\1'), vote('\4'), append(5), append(1), heartbeat(), snapshot(0)}) {
    const Frame frame = frames_of({{kDialer, request}}).front();
    const auto refused = refusal(Protocol::Hashicorp, frame);
    ASSERT_TRUE(refused.ok());
    const std::vector<Frame> again =
        frames_of({{kDialer, request}, {kAcceptor, refused.value().bytes}});
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(show(Protocol::Hashicorp, *again.back().message),
              show(Protocol::Hashicorp, *refused.value().message));
    EXPECT_EQ(again.back().message->success, false);
    EXPECT_EQ(again.back().shape, refused.value().shape);
    EXPECT_FALSE(refusal(Protocol::Hashicorp, again.back()).ok());
  }
  EXPECT_FALSE(refusal(Protocol::Hashicorp, frames_of({{kDialer, timeout_now()}}).front()).ok());
}

TEST(HashicorpRewrite, NothingCanBeCutOutOfALine) {
  EXPECT_TRUE(waits_in_line(Protocol::Hashicorp));
  for (const Deed deed : {Deed::Drop, Deed::Duplicate, Deed::Reorder}) {
    const auto answer = supports(Protocol::Hashicorp, deed, MessageType::AppendEntries);
    EXPECT_NE(answer.error().message.find("close the connection"), std::string::npos);
  }
  EXPECT_TRUE(supports(Protocol::Hashicorp, Deed::Delay, MessageType::AppendReply).ok());
  EXPECT_TRUE(supports(Protocol::Hashicorp, Deed::Answer, MessageType::RequestVote).ok());
  EXPECT_FALSE(supports(Protocol::Hashicorp, Deed::Answer, MessageType::AppendReply).ok());
  EXPECT_FALSE(supports(Protocol::Hashicorp, Deed::Alter, MessageType::TimeoutNow).ok());
  EXPECT_FALSE(supports(Protocol::Hashicorp, Deed::Delay, MessageType::Propose).ok());
}

// Requests 1, 2, 3; the second is answered in its receiver's place while the first is not answered.
TEST(HashicorpEncoder, AnAnswerInAReceiversPlaceWaitsForThoseBeforeIt) {
  const auto decoder = make_decoder(Protocol::Hashicorp);
  std::vector<Frame> out;
  decoder->feed(kDialer, append(5) + append(6) + append(7), out);
  const auto there = make_encoder(Protocol::Hashicorp, kDialer);
  const auto back = make_encoder(Protocol::Hashicorp, kAcceptor);
  std::string given = there->forward(out[0]);
  given += there->leave_out(out[1]);
  given += there->forward(out[2]);
  EXPECT_EQ(given, append(5) + append(7));
  decoder->left_out(out[1]);
  const auto refused = refusal(Protocol::Hashicorp, out[1]);
  ASSERT_TRUE(refused.ok());

  EXPECT_EQ(back->out_of_turn(refused.value()), "");
  decoder->feed(kAcceptor, append_answer(2) + append_answer(2), out);
  ASSERT_EQ(out.size(), 5U);
  EXPECT_EQ(back->forward(out[3]), out[3].bytes + refused.value().bytes);
  EXPECT_EQ(back->forward(out[4]), out[4].bytes);
}

TEST(HashicorpEncoder, ASnapshotThatIsAnsweredInItsReceiversPlaceTakesItsBytesWithIt) {
  const std::vector<Frame> frames = frames_of({{kDialer, snapshot(300) + timeout_now()}});
  ASSERT_EQ(frames.size(), 3U);
  const auto encoder = make_encoder(Protocol::Hashicorp, kDialer);
  std::string given = encoder->leave_out(frames[0]);
  given += encoder->forward(frames[1]);
  given += encoder->forward(frames[2]);
  EXPECT_EQ(given, timeout_now());

  const auto other = make_encoder(Protocol::Hashicorp, kDialer);
  given = other->leave_out(frames[0]);
  given += other->out_of_turn(frames[0]);
  for (std::size_t at = 1; at < frames.size(); ++at) given += other->forward(frames[at]);
  EXPECT_EQ(given, snapshot(300) + timeout_now());
}

TEST(Msgpack, ScannerAndReaderKnowAllForms) {
  // Every tag, once as what it is and once as a member of an array.
  const std::vector<std::string> values = {"c0",
                                           "c2",
                                           "c3",
                                           "7f",
                                           "e0",
                                           "80",
                                           "90",
                                           "a0",
                                           "a1 61",
                                           "c4 01 61",
                                           "c5 00 01 61",
                                           "c6 00 00 00 01 61",
                                           "c7 02 05 61 62",
                                           "c8 00 01 05 61",
                                           "c9 00 00 00 01 05 61",
                                           "ca 00 00 00 00",
                                           "cb 00 00 00 00 00 00 00 00",
                                           "cc ff",
                                           "cd ff ff",
                                           "ce ff ff ff ff",
                                           "cf ff ff ff ff ff ff ff ff",
                                           "d0 7f",
                                           "d1 80 00",
                                           "d2 00 00 00 01",
                                           "d3 80 00 00 00 00 00 00 00",
                                           "d4 05 61",
                                           "d5 05 61 62",
                                           "d6 05 61 62 63 64",
                                           "d7 05 61 62 63 64 61 62 63 64",
                                           "d8 05 61 62 63 64 61 62 63 64 61 62 63 64 61 62 63 64",
                                           "d9 01 61",
                                           "da 00 01 61",
                                           "db 00 00 00 01 61",
                                           "dc 00 01 c0",
                                           "dd 00 00 00 01 c0",
                                           "de 00 01 a1 61 c0",
                                           "df 00 00 00 01 a1 61 c0",
                                           "81 a1 61 90",
                                           "92 01 91 02"};
  std::string all;
  for (const std::string& value : values) {
    const std::string bytes = unhex(value);
    all += bytes;
    MsgpackScanner scanner;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto end = scanner.scan(bytes.substr(0, size), 100);
      ASSERT_TRUE(end.ok() && !end.value()) << value << " at " << size;
    }
    EXPECT_EQ(scanner.scan(bytes + "rest", 100).value(), bytes.size()) << value;
    MsgpackReader reader(bytes);
    reader.skip();
    EXPECT_TRUE(reader.finish(value).ok());
  }
  MsgpackReader reader(all);
  for (std::size_t left = values.size(); left > 0; --left) reader.skip();
  EXPECT_TRUE(reader.finish("all").ok());
}

TEST(Msgpack, WhatIsWrittenIsRead) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1}) {
      std::string bytes;
      msgpack_natural(bytes, value);
      MsgpackReader reader(bytes);
      EXPECT_EQ(reader.natural(), value);
      EXPECT_TRUE(reader.finish("number").ok());
    }
  }
  for (const std::size_t size : {0U, 31U, 32U, 300U, 70000U}) {
    std::string bytes;
    msgpack_raw(bytes, std::string(size, 'x'));
    MsgpackReader reader(bytes);
    EXPECT_EQ(reader.raw().size(), size);
    EXPECT_TRUE(reader.finish("string").ok());
  }
}

TEST(Msgpack, BoundsAreKept) {
  MsgpackScanner deep;
  EXPECT_EQ(deep.scan(std::string(100, '\x91'), 100).error().message,
            "values lie too deep in each other");
  MsgpackScanner longest;
  EXPECT_EQ(longest.scan(unhex("db ff ff ff ff"), 100).error().message,
            "a string of 4294967295 bytes is too long");
  MsgpackReader number("\xff");
  EXPECT_EQ(number.natural(), 0U);
  EXPECT_EQ(number.finish("it").error().message, "it: this is no natural number, at its byte 0");
}

}  // namespace
}  // namespace check::wire
