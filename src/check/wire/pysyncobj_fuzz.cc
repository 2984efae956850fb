// SPDX-License-Identifier: Apache-2.0
// Any bytes at all between two nodes of PySyncObj: as they are, or as pickles that are compressed
// first, or nothing would ever get past the checksums; and any bytes at all to be inflated.
#include "check/wire/inflate.h"
#include "check/wire/pysyncobj_message.h"
#include "check/wire/streams_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(data, data + size);
  check::wire::decode_everything(check::wire::Protocol::Pysyncobj, input);
  const auto content = check::wire::inflate(input, std::size_t{1} << 20U);
  if (content.ok()) {
    const auto again =
        check::wire::inflate(check::wire::deflate_stored(content.value()), content.value().size());
    CHECK(again.ok() && again.value() == content.value());
  }

  if (input.empty()) return 0;
  std::string stream = input.substr(0, 1);
  std::string_view rest = std::string_view(input).substr(1);
  while (!rest.empty()) {
    const std::size_t end = rest.find(".!");  // Between two pickles.
    stream += check::wire::pysyncobj_frame(rest.substr(0, end == rest.npos ? end : end + 1));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 2);
  }
  check::wire::decode_everything(check::wire::Protocol::Pysyncobj, stream);
  return 0;
}
