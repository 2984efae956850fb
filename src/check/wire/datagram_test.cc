// SPDX-License-Identifier: Apache-2.0
#include "check/wire/datagram.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/sample_test.h"

namespace check::wire {
namespace {

std::vector<Frame> heard(Decoder& decoder, std::string_view datagram) {
  std::vector<Frame> frames;
  decoder.feed(Direction::FromDialer, datagram, frames);
  return frames;
}

TEST(Datagram, EachIsOneFrameInWhateverOrder) {
  const auto decoder = make_datagram_decoder(Protocol::Raftkv);
  for (const auto& [name, body] : codec::samples()) {
    const std::string bytes = codec::encoded(body);
    const auto frames = heard(*decoder, bytes);
    ASSERT_EQ(frames.size(), 1U) << name;
    EXPECT_EQ(frames[0].bytes, bytes);
    EXPECT_EQ(frames[0].message.has_value(), name != "hello") << name;
  }
}

TEST(Datagram, WhatIsNoFrameIsGivenBackAndNothingIsSaidOfIt) {
  const auto decoder = make_datagram_decoder(Protocol::Raftkv);
  const std::string vote = codec::encoded(raft::Message(raft::VoteReply{raft::Term(5), true}));
  std::string flipped = vote;
  flipped.back() ^= 1;
  for (const std::string& bytes :
       {std::string(), std::string("x"), vote + "x", vote.substr(1), flipped, vote + vote}) {
    const auto frames = heard(*decoder, bytes);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].bytes, bytes);
    EXPECT_FALSE(frames[0].message.has_value());
    EXPECT_FALSE(lives_in(Protocol::Raftkv, bytes).has_value());
  }
  EXPECT_FALSE(decoder->opaque(Direction::FromDialer).has_value());
  EXPECT_EQ(heard(*decoder, vote)[0].message->name, "VoteReply");
}

TEST(Datagram, SaysBetweenWhichLivesItPasses) {
  const raft::Message vote(raft::VoteReply{raft::Term(5), true});
  const std::string there = codec::encoded(vote, {{7}, {1}, {2}, {11}, {21}});
  const std::string back = codec::encoded(vote, {{7}, {2}, {1}, {21}, {11}});
  const auto lives = lives_in(Protocol::Raftkv, there);
  ASSERT_TRUE(lives.has_value());
  EXPECT_EQ(lives->from, 11U);
  EXPECT_EQ(lives->to, 21U);
  EXPECT_EQ(lives->conversation(), lives_in(Protocol::Raftkv, back)->conversation());
  EXPECT_FALSE(lives_in(Protocol::Raftkv, codec::encoded(codec::Hello{})).has_value());
  EXPECT_FALSE(lives_in(Protocol::Etcd, there).has_value());
  EXPECT_EQ(make_datagram_decoder(Protocol::Etcd), nullptr);
}

}  // namespace
}  // namespace check::wire
