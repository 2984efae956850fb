// SPDX-License-Identifier: Apache-2.0
#include "check/run/monitor_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "check/wire/decoder.h"

namespace check::run {

base::Status check_monitor_name(const std::string& name) {
  static const std::vector<std::string> known = {"full", "packet"};
  if (name.empty() || std::ranges::find(known, name) != known.end()) return base::Done{};
  return base::Error{base::ErrorCode::InvalidArgument, base::unknown_word("monitor", name, known)};
}

base::Result<MonitorChoice> choose_monitor(const std::string& asked,
                                           const cluster::RaftClusterConfig& target) {
  if (asked == "packet") return MonitorChoice{"packet", std::nullopt, "as asked for"};
  const auto protocol = wire::protocol(target.protocol());
  if (protocol && wire::make_decoder(*protocol) != nullptr) {
    return MonitorChoice{"full", protocol,
                         fmt::format("messages of {} are understood", target.protocol())};
  }
  const std::string why =
      target.protocol().empty()
          ? fmt::format("it is not known what the nodes of {} speak", target.name())
          : fmt::format("messages of {} are not understood yet", target.protocol());
  if (asked.empty()) return MonitorChoice{"packet", std::nullopt, why};
  return base::Error{base::ErrorCode::InvalidArgument, fmt::format("--monitor {}: {}", asked, why)};
}

}  // namespace check::run
