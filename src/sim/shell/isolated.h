// SPDX-License-Identifier: Apache-2.0
// Work in a child process: a CHECK that fails there ends only the child.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sim::shell {

struct Isolated {
  std::string output;     // What the work wrote.
  std::string complaint;  // Its standard error.
  bool finished = false;  // It came to its end.
};

using Write = std::function<void(std::string_view text)>;

// Ended after `limit_s` seconds; then it has not finished.
base::Result<Isolated> run_isolated(const std::function<void(const Write& write)>& work,
                                    unsigned limit_s);

}  // namespace sim::shell
