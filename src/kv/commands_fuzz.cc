// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as payloads of log entries, queries and replies. What decodes must encode to the
// same bytes again, and no payload stops the machine.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "kv/machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const std::string_view payload = bytes;
  kv::Machine machine;
  for (int round = 0; round < 2; ++round) (void)machine.apply(payload);
  (void)machine.read(payload);
  if (const auto command = kv::decode_command(payload); command.ok()) {
    CHECK(kv::encode(command.value()) == payload);
  }
  if (const auto query = kv::decode_query(payload); query.ok()) {
    CHECK(kv::encode(query.value()) == payload);
  }
  if (const auto reply = kv::decode_reply(payload); reply.ok()) {
    CHECK(kv::encode(reply.value()) == payload);
  }
  return 0;
}
