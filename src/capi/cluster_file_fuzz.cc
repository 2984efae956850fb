// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a cluster file: read, and then it makes sense, or refused with a line number.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "capi/cluster_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT
  const auto file = capi::parse_cluster_file(text, "f");
  if (!file.ok()) {
    CHECK(file.error().message.starts_with("f"));
    return 0;
  }
  CHECK(!file.value().servers.empty());
  CHECK(file.value().heartbeat < file.value().election_min);
  CHECK(file.value().election_min <= file.value().election_max);
  for (const auto& [id, where] : file.value().servers) CHECK(id.value != 0 && where.port != 0);
  return 0;
}
