// SPDX-License-Identifier: Apache-2.0
#include "server/log.h"

#include <fmt/core.h>

#include <cstdio>

#include "os/clock.h"

namespace server {

void Log::event(std::string_view name, std::string_view fields) const {
  const std::string line =
      fmt::format("{} n{} {} {}\n", os::wall_clock_text(), node_.value, name, fields);
  std::fwrite(line.data(), 1, line.size(), stderr);
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

}  // namespace server
