// SPDX-License-Identifier: Apache-2.0
// `raftkv verify` and `raftkv export`: what a stopped node's data directory holds. Neither changes
// anything in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}

namespace commandline {

class DataCommands {
 public:
  // Requires: `app` outlives it.
  explicit DataCommands(CLI::App& app);

  // The exit code; nothing if none of these was given.
  std::optional<int> run();

 private:
  int verify() const;
  int export_all() const;

  CLI::App& app_;
  std::string directory_;
  std::uint32_t id_ = 0;
  std::string cluster_ = "raftkv";
  std::string format_ = "resp";
  std::optional<std::uint64_t> through_;
};

}  // namespace commandline
