// SPDX-License-Identifier: Apache-2.0
// What the user asked of `seaworthy check`, as it was read from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace check::run {

struct CheckOptions {
  std::string target;
  std::uint32_t nodes = 5;
  std::optional<std::uint32_t> clients;  // Instead of the plan's.
  std::optional<std::uint32_t> keys;     // Instead of the plan's.
  std::string workload;                  // Likewise; empty: the plan's.
  std::string plan = "standard";
  std::string suite;                      // Instead of `plan`.
  std::optional<std::uint32_t> search_s;  // Seconds of a search, instead of `plan`.
  std::string search_how = "guided";      // search::How
  bool keep_going = false;                // The search: after a violation.
  std::uint32_t time_s = 60;
  std::optional<std::uint64_t> seed;
  std::string out;               // Empty: runs/YYYYMMDDThhmmssZ-TARGET-SEED.
  std::string monitor;           // Empty: the best that the target allows.
  std::vector<std::string> set;  // "NAME=VALUE", of the target.
  bool accept_known = false;
};

}  // namespace check::run
