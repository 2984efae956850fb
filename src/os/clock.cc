// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"

#include <sys/random.h>

#include <array>
#include <ctime>

#include "base/check.h"

namespace os {

std::chrono::nanoseconds steady_now() {
  timespec now{};
  CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string wall_clock_text() {
  timespec now{};
  CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
  std::tm parts{};
  CHECK(gmtime_r(&now.tv_sec, &parts) != nullptr);
  std::array<char, 32> text{};
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string micros = std::to_string(1'000'000 + now.tv_nsec / 1000);
  return std::string(text.data(), length) + "." + micros.substr(1) + "Z";
}

std::uint64_t entropy() {
  std::uint64_t value = 0;
  CHECK(getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

}  // namespace os
