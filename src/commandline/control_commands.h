// SPDX-License-Identifier: Apache-2.0
// `raftkv status`, `add` and so on: what is said to nodes that are running.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}

namespace commandline {

class ControlCommands {
 public:
  // Requires: `app` outlives it.
  explicit ControlCommands(CLI::App& app);

  // The exit code; nothing if none of these was given.
  std::optional<int> run();

 private:
  // Could a node do something with the id and the address? Else no node is asked.
  base::Status check_words() const;

  CLI::App& app_;
  std::string nodes_ = "127.0.0.1:6379";
  std::uint32_t timeout_ms_ = 10'000;
  bool json_ = false;
  std::string id_;
  std::string address_;
};

}  // namespace commandline
