// SPDX-License-Identifier: Apache-2.0
// Any bytes at all between members of etcd: as they are, and behind the head of a stream, in chunks
// and as one chunk, which a fuzzer would not soon find. What is decoded passes the encoder
// unchanged.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/wire/http_chunks.h"
#include "check/wire/streams_fuzz.h"

namespace {

using check::wire::Direction;
using check::wire::Frame;
using check::wire::Protocol;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string request(std::string_view stream) {
  return "GET /raft/stream/" + std::string(stream) + "/2b HTTP/1.1\r\nX-Raft-To: 1a\r\n\r\n";
}

void check_encoder(const std::vector<Frame>& frames, bool all_seen) {
  std::array<std::unique_ptr<check::wire::Encoder>, 2> same;
  std::array<std::unique_ptr<check::wire::Encoder>, 2> other;
  for (std::size_t way = 0; way < 2; ++way) {
    same[way] = make_encoder(Protocol::Etcd, static_cast<Direction>(way));
    other[way] = make_encoder(Protocol::Etcd, static_cast<Direction>(way));
  }
  std::array<std::string, 2> given;
  std::size_t number = 0;
  for (const Frame& frame : frames) {
    const auto way = static_cast<std::size_t>(frame.direction);
    CHECK(same[way]->forward(frame) == frame.bytes || !all_seen);
    number += 1;
    given[way] += number % 5 == 0 ? other[way]->leave_out(frame) : other[way]->forward(frame);
    if (frame.message && number % 7 == 0) given[way] += other[way]->out_of_turn(frame);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  check::wire::decode_everything(Protocol::Etcd, check::wire::conversation(data, size));
  const std::string input(data + 1, data + size);
  std::string chunk;
  if (!input.empty()) check::wire::ChunkWriter().write(input, chunk);
  for (const std::string_view name : {"msgapp", "message"}) {
    for (const std::string& body : {input, chunk}) {
      const auto decoder = make_decoder(Protocol::Etcd, {});
      std::vector<Frame> frames;
      decoder->feed(Direction::FromDialer, request(name), frames);
      decoder->feed(Direction::FromAcceptor, std::string(kAnswer) + body, frames);
      check_encoder(frames, true);
      decoder->skip(Direction::FromAcceptor, 1, frames);
      decoder->feed(Direction::FromAcceptor, body, frames);
      check_encoder(frames, false);
    }
  }
  return 0;
}
