// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a node's answer to RAFT STATUS: what is shown are lines of plain text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "control/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const auto reply = resp::parse_reply(bytes);
  if (!reply.ok() || !reply.value()) return 0;
  const auto report = control::parse_report(reply.value()->reply);
  if (!report.ok()) return 0;
  const std::string table = control::as_table({report.value()});
  CHECK(std::ranges::all_of(table, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  (void)control::as_json({report.value()});
  return 0;
}
