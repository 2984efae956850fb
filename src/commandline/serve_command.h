// SPDX-License-Identifier: Apache-2.0
// `raftkv serve`: options, and a node until it is stopped.
#pragma once

#include <string>

#include "server/options.h"

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}

namespace commandline {

class ServeCommand {
 public:
  // Requires: `app` outlives it.
  explicit ServeCommand(CLI::App& app);

  bool was_given() const;
  // The exit code.
  int run();

 private:
  base::Result<server::Options> options();

  CLI::App* command_;
  server::RawOptions options_;
  std::string config_;
#ifdef SEAWORTHY_BROKEN
  std::string broken_;
#endif
};

}  // namespace commandline
