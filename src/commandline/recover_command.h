// SPDX-License-Identifier: Apache-2.0
// `raftkv recover`: a new cluster of what one node has, when the majority of its cluster is lost
// for good. It says what may be lost, and does nothing unless that was accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "offline/data.h"

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}

namespace commandline {

class RecoverCommand {
 public:
  // Requires: `app` outlives it.
  explicit RecoverCommand(CLI::App& app);

  // The exit code; nothing if it was not given.
  std::optional<int> run();

 private:
  int recover() const;
  int write(const offline::Data& data) const;
  std::string warning(const offline::Data& data) const;

  CLI::App& app_;
  std::string directory_;
  std::string into_;
  std::uint32_t id_ = 0;
  std::string cluster_ = "raftkv";
  std::string new_cluster_;
  std::string address_;
  bool accepts_losing_writes_ = false;
  bool accepts_damage_ = false;
};

}  // namespace commandline
