// SPDX-License-Identifier: Apache-2.0
// Log lines for people and grep, `time node event key=value ...`, or for programs, one JSON object
// each with "time", "node", "event" and the fields.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace os {

class Log {
 public:
  enum class Format : std::uint8_t { Text, Json };

  // `node`: the id that stands in each line.
  explicit Log(std::uint32_t node, Format format = Format::Text) : node_(node), format_(format) {}

  // Writes to standard error. `fields`: "key=value key=value", made with fmt::format; a value with
  // spaces stands in double quotes, see quoted().
  void event(std::string_view name, std::string_view fields) const;

 private:
  std::uint32_t node_;
  Format format_;
};

// The line for `fields` as event() takes them, without its end. A value of digits alone becomes a
// number.
struct LogLine {
  std::string_view time;
  std::uint32_t node = 0;
  std::string_view event;
  std::string_view fields;
};
std::string text_line(const LogLine& line);
std::string json_line(const LogLine& line);

// In double quotes, with " and control characters made harmless.
std::string quoted(std::string_view text);

// Lets one event through in a while, so that what repeats does not flood the log.
class RateLimit {
 public:
  bool allows(std::chrono::nanoseconds now);

 private:
  static constexpr std::chrono::seconds kInterval{10};
  std::chrono::nanoseconds next_{0};
};

}  // namespace os
