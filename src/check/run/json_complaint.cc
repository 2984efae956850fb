// SPDX-License-Identifier: Apache-2.0
#include "check/run/json_complaint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace check::run {

base::Error json_complaint(const std::string& file, const std::string& expected,
                           const std::exception& thrown) {
  const auto* broken = dynamic_cast<const nlohmann::json::parse_error*>(&thrown);
  const std::string reason =
      broken != nullptr ? fmt::format("it breaks off or goes wrong at byte {}", broken->byte)
                        : "a member is missing or is not of its kind";
  return {base::ErrorCode::Corrupt, fmt::format("{} is not {}: {}", file, expected, reason)};
}

}  // namespace check::run
