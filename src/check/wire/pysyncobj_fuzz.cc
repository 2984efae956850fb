// SPDX-License-Identifier: Apache-2.0
// Any bytes at all between two nodes of PySyncObj: as they are, or as pickles that are compressed
// first, or nothing would ever get past the checksums; and any bytes at all to be inflated.
#include "check/wire/inflate.h"
#include "check/wire/pysyncobj_message.h"
#include "check/wire/streams_fuzz.h"

namespace {

// Each pickle, with a "!" behind it, becomes a frame.
std::string framed(std::string_view pickles) {
  std::string stream;
  while (!pickles.empty()) {
    const std::size_t end = pickles.find(".!");
    const bool last = end == std::string_view::npos;
    stream += check::wire::pysyncobj_frame(pickles.substr(0, last ? end : end + 1));
    pickles = last ? std::string_view() : pickles.substr(end + 2);
  }
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const auto content = check::wire::inflate(input, std::size_t{1} << 20U);
  if (content.ok()) {
    const auto again =
        check::wire::inflate(check::wire::deflate_stored(content.value()), content.value().size());
    CHECK(again.ok() && again.value() == content.value());
  }
  check::wire::Conversation said = check::wire::conversation(data, size);
  check::wire::decode_everything(check::wire::Protocol::Pysyncobj, said);
  for (auto& piece : said.pieces) piece.bytes = framed(piece.bytes);
  check::wire::decode_everything(check::wire::Protocol::Pysyncobj, said);
  return 0;
}
