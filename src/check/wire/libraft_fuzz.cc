// SPDX-License-Identifier: Apache-2.0
// Any bytes at all between two nodes of libraft.
#include "check/wire/streams_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check::wire::decode_everything(check::wire::Protocol::Libraft,
                                 check::wire::conversation(data, size));
  return 0;
}
