// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/sample_test.h"
#include "codec/show_test.h"
#include "golden/golden.h"

namespace codec {
namespace {

constexpr Expected kExpected{{7}, {2}, std::nullopt, {21}};

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  const std::uint64_t seed = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  std::cout << "SEED=" << seed << '\n';
  return seed;
}

// Sixteen bytes a line.
std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) text += i % 16 == 0 ? '\n' : ' ';
    text += digits[static_cast<unsigned char>(bytes[i]) >> 4U];
    text += digits[static_cast<unsigned char>(bytes[i]) & 15U];
  }
  return text;
}

// Everything that the stream yields, one line a frame, and how it ends.
std::string read_all(Decoder& decoder) {
  std::string text;
  while (true) {
    const auto frame = decoder.next();
    if (!frame.ok()) return text + frame.error().message + '\n';
    if (!frame.value()) return text;
    text += show(*frame.value()) + '\n';
  }
}

std::string read_stream(const std::string& bytes, const Expected& expected = kExpected) {
  Decoder decoder(expected, Limits{});
  decoder.feed(bytes);
  return read_all(decoder);
}

std::string sample(const std::string& name) {
  for (const auto& [each, body] : samples()) {
    if (each == name) return encoded(body);
  }
  return "";
}

TEST(Codec, BytesAndWhatTheyMeanAreThoseOfTheGoldenFile) {
  golden::run(TESTDATA "/frames.txt", [](const golden::Case& c) {
    const std::string bytes = sample(c.arguments.begin()->first);
    const auto decoded = decode_frame(bytes, Limits{}, 0);
    return hex(bytes) + '\n' +
           (decoded.ok() ? show(decoded.value()->frame) : decoded.error().message);
  });
}

// `byte=value` pairs are changed in the sample and the checksum is put right again, as a peer with
// a bug would send it.
TEST(Codec, WhatIsWrongIsSaidWithItsByteAsInTheGoldenFile) {
  golden::run(TESTDATA "/refusals.txt", [](const golden::Case& c) {
    std::string bytes = sample(c.command);
    for (const auto& [at, value] : c.arguments) {
      if (at == "bytes") {
        bytes.resize(std::stoul(value), '\0');
      } else {
        bytes[std::stoul(at)] = static_cast<char>(std::stoul(value));
      }
    }
    reseal(bytes);
    const auto decoded = decode_frame(bytes, Limits{1000}, 100);
    if (!decoded.ok()) return decoded.error().message;
    return decoded.value() ? show(decoded.value()->frame) : std::string("not all there yet");
  });
}

TEST(Codec, AStreamOfAllKindsComesOutAlikeHoweverItIsCut) {
  base::Prng prng(seed_from_environment());
  std::string stream;
  for (const auto& [name, body] : samples()) stream += encoded(body);
  for (int i = 0; i < 30; ++i) stream += encoded(raft::Message(random_append(prng)));
  const std::string whole = read_stream(stream);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'),
            static_cast<std::ptrdiff_t>(samples().size()) + 30);

  for (std::uint64_t largest : {1U, 2U, 50U, 3000U}) {
    Decoder decoder(kExpected, Limits{});
    std::string pieces;
    for (std::string_view rest = stream; !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(rest.size(), prng.between(1, largest));
      decoder.feed(rest.substr(0, size));
      rest.remove_prefix(size);
      pieces += read_all(decoder);
    }
    ASSERT_EQ(pieces, whole) << "pieces of up to " << largest;
  }
}

TEST(Codec, EveryFlippedBitIsNoticed) {
  for (const auto& [name, body] : samples()) {
    const std::string good = encoded(body);
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      const auto decoded = decode_frame(bad, Limits{}, 0);
      // A longer length leaves the decoder waiting; nothing wrong is ever believed.
      ASSERT_FALSE(decoded.ok() && decoded.value()) << name << " bit " << bit;
    }
  }
}

TEST(Codec, WhatDecodesEncodesToTheSameBytes) {
  base::Prng prng(seed_from_environment());
  const auto all = samples();
  std::uint64_t decoded_count = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string bytes = encoded(all[prng.between(0, all.size() - 1)].second);
    for (std::uint64_t i = prng.between(1, 4); i > 0; --i) {
      bytes[prng.between(8, bytes.size() - 1)] = static_cast<char>(prng.next());
    }
    reseal(bytes);
    const auto decoded = decode_frame(bytes, Limits{}, 0);
    if (!decoded.ok() || !decoded.value()) continue;
    decoded_count += 1;
    const Frame& frame = decoded.value()->frame;
    ASSERT_EQ(encoded(frame.body, frame.address), bytes);
  }
  EXPECT_GT(decoded_count, 5000U);
}

TEST(Decoder, BelievesOnlyItsPeer) {
  const std::string hello = encoded(Hello{});
  const std::string vote = encoded(raft::Message(raft::VoteReply{raft::Term(1), true}));
  EXPECT_EQ(read_stream(vote), "frame: the first frame is not a Hello at byte 9\n");
  EXPECT_EQ(read_stream(hello + hello),
            "n1 -> n2 cluster 7: Hello version=2\nframe: a second Hello at byte 70\n");
  EXPECT_EQ(read_stream(hello, {{8}, {2}, std::nullopt}),
            "frame: for cluster 7, this is cluster 8 (another name, or one from before a "
            "recovery) at byte 20\n");
  EXPECT_EQ(read_stream(hello, {{7}, {3}, std::nullopt}), "frame: for n2, this is n3 at byte 16\n");
  EXPECT_EQ(read_stream(hello, {{7}, {2}, raft::NodeId{3}, {21}}),
            "frame: from n1 on the connection of n3 at byte 12\n");
  const std::string stranger = encoded(Forward{}, Address{{7}, {3}, {2}, {31}, {21}});
  EXPECT_EQ(read_stream(hello + stranger),
            "n1 -> n2 cluster 7: Hello version=2\n"
            "frame: from n3 on the connection of n1 at byte 73\n");
}

TEST(Decoder, BelievesOnlyThePresentLivesOfBoth) {
  const Expected reborn{{7}, {2}, std::nullopt, {21}};
  const raft::Message vote(raft::VoteReply{raft::Term(1), true});
  const auto from_to = [](std::uint64_t from_life, std::uint64_t to_life) {
    return Address{{7}, {1}, {2}, {from_life}, {to_life}};
  };
  const std::string greeting = "n1 -> n2 cluster 7: Hello version=2\n";
  const std::string hello = encoded(Hello{}, from_to(11, 0));
  EXPECT_EQ(read_stream(hello, reborn), greeting);
  EXPECT_EQ(read_stream(encoded(Hello{}, from_to(11, 20)), reborn),
            "frame: for another life of n2 at byte 36\n");
  EXPECT_EQ(read_stream(hello + encoded(vote, from_to(11, 20)), reborn),
            greeting + "frame: for another life of n2 at byte 97\n");
  EXPECT_EQ(read_stream(hello + encoded(vote, from_to(11, 0)), reborn),
            greeting + "frame: for another life of n2 at byte 97\n");
  EXPECT_EQ(read_stream(hello + encoded(vote, from_to(10, 21)), reborn),
            greeting + "frame: from another life of n1 than its Hello at byte 89\n");
}

TEST(Decoder, APeerOfAnotherVersionIsToldSo) {
  std::string hello = encoded(Hello{});
  hello[8] = 1;
  hello.resize(29);  // As version 1 had it.
  base::ByteWriter(hello).set_u32(0, 21);
  reseal(hello);
  EXPECT_EQ(read_stream(hello),
            "frame: version 1 of the protocol, this program speaks 2 at byte 8\n");
}

TEST(Datagram, IsExactlyOneFrame) {
  const std::string hello = encoded(Hello{2, 5, 6});
  const auto whole = decode_datagram(hello, kExpected);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(std::get<Hello>(whole.value().body).question, 5U);
  EXPECT_EQ(std::get<Hello>(whole.value().body).answer, 6U);
  EXPECT_EQ(decode_datagram(hello + "x", kExpected).error().message,
            "frame: more follows in the datagram at byte 61");
  EXPECT_EQ(decode_datagram(hello.substr(0, 60), kExpected).error().message,
            "frame: it ends in the middle of one at byte 60");
  EXPECT_EQ(decode_datagram(hello, {{7}, {3}, std::nullopt}).error().message,
            "frame: for n2, this is n3 at byte 16");
}

TEST(Decoder, KnowsItsPeerFromTheHelloOn) {
  Decoder decoder(kExpected, Limits{});
  EXPECT_FALSE(decoder.peer().has_value());
  decoder.feed(encoded(Hello{}));
  EXPECT_TRUE(decoder.next().value().has_value());
  EXPECT_EQ(decoder.peer(), raft::NodeId{1});
}

TEST(Decoder, ANewerPeerIsSpokenToInOurVersion) {
  EXPECT_EQ(read_stream(encoded(Hello{9})), "n1 -> n2 cluster 7: Hello version=9\n");
  Decoder decoder(kExpected, Limits{});
  EXPECT_EQ(decoder.version(), kOldestVersion);
  decoder.feed(encoded(Hello{9}));
  ASSERT_TRUE(decoder.next().ok());
  EXPECT_EQ(decoder.version(), kProtocolVersion);
}

TEST(Encoder, AHelloIsOfTheOldestVersionAndAllElseOfTheOneThatBothSpeak) {
  constexpr std::size_t kVersionAt = 8;
  const Address address{{7}, {1}, {2}, {11}, {21}, 77};
  std::string hello;
  encode(address, Hello{}, hello);
  EXPECT_EQ(hello.at(kVersionAt), char{kOldestVersion});
  std::string message;
  encode(address, raft::Message(raft::TimeoutNow{raft::Term(3)}), message);
  EXPECT_EQ(message.at(kVersionAt), 77);
}

TEST(Decoder, TheFirstErrorStays) {
  Decoder decoder(kExpected, Limits{});
  decoder.feed("garbage that is no frame");
  const std::string first = decoder.next().error().message;
  EXPECT_EQ(first, "frame: 1651663215 bytes are more than the limit of 67108864 at byte 0");
  decoder.feed(encoded(Hello{}));
  EXPECT_EQ(decoder.next().error().message, first);
}

TEST(Encoder, AGapInTheEntriesIsABug) {
  raft::AppendEntries append;
  append.entries = {noop(1, 2)};
  std::string out;
  EXPECT_DEATH(encode(kSampleAddress, raft::Message(append), out), "CHECK failed");
}

}  // namespace
}  // namespace codec
