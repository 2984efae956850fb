// SPDX-License-Identifier: Apache-2.0
#include "check/history/reader.h"

#include <utility>

#include "check/history/event.h"

namespace check::history {

namespace {
constexpr std::size_t kLongestLine = std::size_t{64} << 20U;
}  // namespace

base::Error HistoryReader::at_line(const base::Error& error) const {
  return base::Error{error.code, name_ + ":" + std::to_string(line_) + ": " + error.message};
}

base::Status HistoryReader::add_line(std::string_view line) {
  line_ += 1;
  if (line.empty()) return base::Done{};
  auto event = parse_event(line);
  if (!event.ok()) return at_line(event.error());
  const base::Status added = pairing_.add(std::move(event).value());
  if (!added.ok()) return at_line(added.error());
  return base::Done{};
}

base::Status HistoryReader::add(std::string_view chunk) {
  while (true) {
    const std::size_t end = chunk.find('\n');
    if (end == std::string_view::npos) break;
    if (rest_.empty()) {
      TRY([[maybe_unused]] const base::Done done, add_line(chunk.substr(0, end)));
    } else {
      rest_ += chunk.substr(0, end);
      TRY([[maybe_unused]] const base::Done done, add_line(rest_));
      rest_.clear();
    }
    chunk.remove_prefix(end + 1);
  }
  rest_ += chunk;
  if (rest_.size() > kLongestLine) {
    line_ += 1;
    return at_line({base::ErrorCode::Corrupt,
                    "expected a line break within " + std::to_string(kLongestLine) + " bytes"});
  }
  return base::Done{};
}

base::Result<History> HistoryReader::finish() && {
  History history;
  if (!rest_.empty()) {
    if (parse_event(rest_).ok()) {
      TRY([[maybe_unused]] const base::Done done, add_line(rest_));
    } else {
      history.torn = true;
    }
  }
  history.events = pairing_.event_count();
  history.operations = std::move(pairing_).take();
  return history;
}

base::Result<History> read_history(std::string_view text, std::string name) {
  HistoryReader reader(std::move(name));
  TRY([[maybe_unused]] const base::Done done, reader.add(text));
  return std::move(reader).finish();
}

}  // namespace check::history
