// SPDX-License-Identifier: Apache-2.0
#include "os/log.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/json_writer.h"
#include "os/clock.h"

namespace os {

namespace {

// The next `key=value` of `fields`, taken off; a quoted value without its quotes.
struct Field {
  std::string_view key;
  std::string_view value;
  bool is_quoted = false;
};
Field take_field(std::string_view& fields) {
  Field field;
  const std::size_t equals = std::min(fields.find('='), fields.size());
  field.key = fields.substr(0, equals);
  fields.remove_prefix(std::min(equals + 1, fields.size()));
  field.is_quoted = fields.starts_with('"');
  if (field.is_quoted) fields.remove_prefix(1);
  const std::size_t end = std::min(fields.find(field.is_quoted ? '"' : ' '), fields.size());
  field.value = fields.substr(0, end);
  fields.remove_prefix(std::min(end + 1, fields.size()));
  while (fields.starts_with(' ')) fields.remove_prefix(1);
  return field;
}

}  // namespace

std::string text_line(const LogLine& line) {
  return fmt::format("{} n{} {} {}", line.time, line.node, line.event, line.fields);
}

std::string json_line(const LogLine& line) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("time", line.time).member("node", line.node);
  json.member("event", line.event);
  std::string_view rest = line.fields;
  while (!rest.empty()) {
    const Field field = take_field(rest);
    std::uint64_t number = 0;
    const char* end = field.value.data() + field.value.size();
    const auto [stop, error] = std::from_chars(field.value.data(), end, number);
    if (!field.is_quoted && !field.value.empty() && error == std::errc{} && stop == end) {
      json.member(field.key, number);
    } else {
      json.member(field.key, field.value);
    }
  }
  json.end_object();
  return text;
}

void Log::event(std::string_view name, std::string_view fields) const {
  const std::string time = wall_clock_text();
  const LogLine line{time, node_, name, fields};
  const std::string text = (format_ == Format::Json ? json_line(line) : text_line(line)) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') {
      result += '\'';
    } else {
      result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return result + '"';
}

bool RateLimit::allows(std::chrono::nanoseconds now) {
  if (now < next_) return false;
  next_ = now + kInterval;
  return true;
}

}  // namespace os
