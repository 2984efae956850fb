// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "check/wire/etcd_sample_test.h"
#include "check/wire/http_head.h"
#include "golden/golden.h"

namespace check::wire {
namespace {

using etcd_sample::conversation;

const std::vector<std::string> kStreams = {
    "msgapp",
    "< heartbeat",
    "< full type=3 term=4 index=9 log_term=3 commit=8 e=10/4/0/ten",
    "< short commit=9 e=11/4/0/eleven e=12/4/1/twelve",
    "+ heartbeat",
    "+ short commit=12",
    "< \"9\" 0d 0a 01 00 00 00 00 00 00 00 00 0d 0a \"8\" 0d 0a 00 00 00 00 00 00 00 0b 0d 0a",
    "< \"0\" 0d 0a 0d 0a",
    "message",
    "< streamed type=8 from=0 to=0",
    "+ streamed type=8 term=4 commit=9",
    "< streamed type=2 e=0/0/0/put",
};

const std::vector<std::string> kPosts = {
    "> post type=8 term=4 commit=9",
    "< done",
    "> snapshot type=7 term=4 snap=900/4 db=a-database",
    "< done",
    "> \"GET /version HTTP/1.1\" 0d 0a 0d 0a",
    "< \"HTTP/1.1 200 OK\" 0d 0a \"Content-Length: 2\" 0d 0a 0d 0a \"{}\"",
    "> post type=3 term=4 index=9 log_term=4 commit=9 e=10/4/0/ten",
};

TEST(EtcdDecoder, SaysOfEachConnectionWhatTheGoldenFileSays) {
  golden::run_blocks(TESTDATA "/etcd.txt", [](const golden::Block& block) {
    const bool begun = block.front() != "in mid-stream";
    const std::vector<std::string> lines(block.begin() + (begun ? 0 : 1), block.end());
    return transcript(Protocol::Etcd, conversation(lines), {begun});
  });
}

TEST(EtcdDecoder, GivesTheSameFramesHoweverTheBytesAreCut) {
  expect_partition_however_cut(Protocol::Etcd, conversation(kStreams));
  expect_partition_however_cut(Protocol::Etcd, conversation(kPosts));
}

TEST(EtcdDecoder, GivesLongBodiesInPieces) {
  const std::string database(1 << 20, 'x');
  std::string body = etcd_sample::chunk(
      etcd_sample::sized(etcd_sample::raftpb(etcd_sample::words("type=7 term=4 snap=900/4"))));
  for (int count = 0; count < 8; ++count) body += etcd_sample::chunk(database);
  const auto decoder = make_decoder(Protocol::Etcd);
  std::vector<Frame> frames;
  decoder->feed(Direction::FromDialer,
                etcd_sample::post("/raft/snapshot", "Transfer-Encoding: chunked") + body, frames);
  ASSERT_GT(frames.size(), 100U);
  EXPECT_EQ(frames[1].message->type, MessageType::InstallSnapshot);
  for (const Frame& frame : frames) EXPECT_LT(frame.bytes.size(), 70'000U);
}

TEST(EtcdDecoder, WaitsForNoMoreThanItsLimit) {
  const auto decoder = make_decoder(Protocol::Etcd);
  std::vector<Frame> frames = decoded(*decoder, conversation({"message"}));
  // One message of 64 MiB and its size, in chunks of one byte: more bytes of chunks than of data.
  std::string first;
  put_etcd_u64(first, Decoder::kMostWaiting - 8);
  decoder->feed(Direction::FromAcceptor, etcd_sample::chunk(first), frames);
  std::string chunks;
  for (int count = 0; count < 1'000'000; ++count) chunks += "1\r\nx\r\n";
  for (int count = 0; count < 12 && !decoder->opaque(Direction::FromAcceptor); ++count) {
    decoder->feed(Direction::FromAcceptor, chunks, frames);
  }
  EXPECT_EQ(decoder->opaque(Direction::FromAcceptor), "etcd: a frame of more than 67108864 bytes");
}

TEST(EtcdDecoder, GivesUpOnAHeadWithoutEnd) {
  const auto decoder = make_decoder(Protocol::Etcd);
  std::vector<Frame> frames;
  decoder->feed(Direction::FromDialer, "GET " + std::string(70'000, 'x'), frames);
  EXPECT_EQ(decoder->opaque(Direction::FromDialer),
            "etcd: a head of HTTP has more than 65536 bytes");
}

TEST(EtcdDecoder, GivesUpOnRequestsThatAreNeverAnswered) {
  const auto decoder = make_decoder(Protocol::Etcd);
  std::vector<Frame> frames;
  for (int count = 0; count < 65; ++count) {
    decoder->feed(Direction::FromDialer, "GET / HTTP/1.1\r\n\r\n", frames);
  }
  EXPECT_EQ(decoder->opaque(Direction::FromDialer),
            "etcd: more than 64 requests without a response");
}

TEST(HttpHead, FindsFieldsWhateverTheirCaseAndBlanks) {
  const std::string head = "GET / HTTP/1.1\r\nHost:x\r\ncOnTent-length: \t7 \r\nBad\r\n\r\n";
  EXPECT_EQ(http_field(head, "host"), "x");
  EXPECT_EQ(http_field(head, "content-length"), "7");
  EXPECT_EQ(http_field(head, "content"), std::nullopt);
  EXPECT_EQ(parse_request(head).value().body.size_bytes, 7U);
}

TEST(Protobuf, RefusesWhatIsCutShortOrTooLong) {
  const auto readable = [](std::string_view bytes) {
    ProtobufReader in(bytes);
    for (ProtobufField field; in.next(field);) {
    }
    return in.ok();
  };
  EXPECT_TRUE(readable(""));
  EXPECT_TRUE(readable(unhex("08 ff ff ff ff ff ff ff ff ff 01")));
  EXPECT_FALSE(readable(unhex("08 ff ff ff ff ff ff ff ff ff 02")));  // More than 64 bits.
  EXPECT_FALSE(readable(unhex("08 80 80 80 80 80 80 80 80 80 80 00")));
  EXPECT_FALSE(readable(unhex("08")));
  EXPECT_FALSE(readable(unhex("08 80")));
  EXPECT_FALSE(readable(unhex("00 00")));     // There is no field 0.
  EXPECT_FALSE(readable(unhex("0b 0c")));     // Groups.
  EXPECT_FALSE(readable(unhex("12 02 00")));  // Two bytes are to come.
  EXPECT_TRUE(readable(unhex("12 01 00 0d 01 02 03 04 09 01 02 03 04 05 06 07 08")));
  EXPECT_FALSE(readable(unhex("09 01 02 03 04 05 06 07")));
}

}  // namespace
}  // namespace check::wire
