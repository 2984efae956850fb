// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a stream from a peer, and as a datagram. Checksums are put right first, or
// nothing would ever get past them. What decodes must encode to the same bytes again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/layout.h"

namespace {

// Walks the frames as their lengths say and writes the checksum of each.
void reseal(std::string& stream) {
  std::size_t at = 0;
  while (stream.size() - at >= codec::kHeadBytes) {
    const std::string_view rest = std::string_view(stream).substr(at);
    const std::size_t size = codec::kPrefixBytes + base::ByteReader(rest).u32();
    if (size < codec::kHeadBytes || size > rest.size()) return;
    const std::uint32_t of_length = base::crc32c(rest.substr(0, 4));
    const std::uint32_t checksum =
        base::crc32c(rest.substr(codec::kPrefixBytes, size - codec::kPrefixBytes), of_length);
    base::ByteWriter(stream).set_u32(at + 4, checksum);
    at += size;
  }
}

void check_round_trip(const codec::Frame& frame, std::string_view bytes) {
  std::string again;
  std::visit([&](const auto& body) { codec::encode(frame.address, body, again); }, frame.body);
  CHECK(again == bytes.substr(0, again.size()), again.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string stream(data, data + size);
  reseal(stream);
  const codec::Limits limits{4096};
  std::string_view rest = stream;
  while (true) {
    const auto decoded = codec::decode_frame(rest, limits, 0);
    if (!decoded.ok() || !decoded.value()) break;
    check_round_trip(decoded.value()->frame, rest);
    rest.remove_prefix(decoded.value()->size_bytes);
  }

  const codec::Expected expected{{7}, {2}, std::nullopt, {21}};
  const auto datagram = codec::decode_datagram(stream, expected);
  if (datagram.ok()) check_round_trip(datagram.value(), stream);

  codec::Decoder decoder(expected, limits);
  for (rest = stream; !rest.empty();) {
    const std::size_t piece = rest.size() < 7 ? rest.size() : 7;
    decoder.feed(rest.substr(0, piece));
    rest.remove_prefix(piece);
    for (auto frame = decoder.next(); frame.ok() && frame.value(); frame = decoder.next()) {
    }
  }
  return 0;
}
