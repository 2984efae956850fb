// SPDX-License-Identifier: Apache-2.0
#include "check/run/repeat_command.h"

#include <fmt/format.h>

#include "check/run/shell_word.h"

namespace check::run {

std::string repeat_command(const CheckOptions& options) {
  std::string command = fmt::format("{} check --target {} --nodes {}", this_program(),
                                    shell_word(options.target), options.nodes);
  if (options.clients) command += fmt::format(" --clients {}", *options.clients);
  if (options.keys) command += fmt::format(" --keys {}", *options.keys);
  if (!options.workload.empty()) command += " --workload " + options.workload;
  if (options.search_s) {
    command += fmt::format(" --search {} --search-how {}", *options.search_s, options.search_how);
  } else {
    command += options.suite.empty() ? " --plan " + shell_word(options.plan)
                                     : " --suite " + shell_word(options.suite);
  }
  for (const std::string& pair : options.set) command += " --set " + shell_word(pair);
  if (!options.monitor.empty()) command += " --monitor " + shell_word(options.monitor);
  if (options.accept_known) command += " --accept-known";
  if (options.keep_going) command += " --keep-going";
  if (!options.search_s) command += fmt::format(" --time {}", options.time_s);
  return command + fmt::format(" --seed {}", *options.seed);
}

}  // namespace check::run
