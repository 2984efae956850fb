// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a history: the same in one piece and in small ones, and an event that is
// understood is the same after it was written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check/history/event.h"
#include "check/history/reader.h"

namespace {

void check_events(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    const auto event = check::history::parse_event(line);
    if (!event.ok()) continue;
    std::string once;
    append_line(once, event.value());
    const auto again =
        check::history::parse_event(std::string_view(once).substr(0, once.size() - 1));
    CHECK(again.ok(), once);
    std::string twice;
    append_line(twice, again.value());
    CHECK(once == twice, once, twice);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_events(text);

  const auto whole = check::history::read_history(text, "h");
  check::history::HistoryReader reader("h");
  bool refused = false;
  for (std::size_t at = 0; at < size && !refused; at += 5) {
    refused = !reader.add(std::string_view(text).substr(at, 5)).ok();
  }
  const auto pieces = std::move(reader).finish();
  const bool ok = !refused && pieces.ok();
  CHECK(ok == whole.ok(), ok);
  if (ok) CHECK(pieces.value().operations.size() == whole.value().operations.size());
  return 0;
}
