// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as session commands, answers and snapshots, cut anywhere.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "session/echo_machine_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cut = data[0] + std::size_t{1};
  const std::string bytes(data + 1, data + size);
  if (const auto command = session::decode(bytes); command.ok()) {
    CHECK(session::encode(command.value()) == bytes);
  }
  (void)session::unwrap(bytes);
  session::Server server{session::Limits{}};
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    (void)server.apply_bytes(bytes.substr(at, cut));
  }
  (void)session::all_of(*server.sessions.snapshot(), cut);
  const auto restore = server.sessions.begin_restore();
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    if (!restore->add(std::string_view(bytes).substr(at, cut)).ok()) return 0;
  }
  if (!restore->finish().ok()) return 0;
  CHECK(session::all_of(*server.sessions.snapshot(), cut) == bytes);
  return 0;
}
