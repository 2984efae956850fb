// SPDX-License-Identifier: Apache-2.0
// Any bytes at all between two raftkv servers, on a connection and in datagrams. Checksums are put
// right first, or nothing would ever get past them.
#include "base/check.h"
#include "check/wire/datagram.h"
#include "check/wire/raftkv_frame.h"
#include "check/wire/streams_fuzz.h"

namespace {

// Walks the frames as their lengths say and writes the checksum of each.
void seal(std::string& stream) {
  std::size_t at = 0;
  while (true) {
    const auto head = check::wire::raftkv_head(std::string_view(stream).substr(at));
    if (!head.ok() || !head.value() || head.value()->size > stream.size() - at) return;
    std::string frame = stream.substr(at, head.value()->size);
    check::wire::raftkv_seal(frame);
    stream.replace(at, frame.size(), frame);
    at += frame.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check::wire::Conversation said = check::wire::conversation(data, size);
  for (auto& piece : said.pieces) seal(piece.bytes);
  const auto datagrams = check::wire::make_datagram_decoder(check::wire::Protocol::Raftkv);
  for (const auto& piece : said.pieces) {
    std::vector<check::wire::Frame> frames;
    datagrams->feed(check::wire::Direction::FromDialer, piece.bytes, frames);
    CHECK(frames.size() == 1 && frames.front().bytes == piece.bytes, frames.size());
  }
  check::wire::decode_everything(check::wire::Protocol::Raftkv, said);
  return 0;
}
