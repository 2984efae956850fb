// SPDX-License-Identifier: Apache-2.0
// The answer to INFO: lines of name:value in sections, as Redis has them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "replica/replica.h"
#include "server/options.h"
#include "server/peers.h"

namespace server {

struct Facts {
  const Options& options;
  const replica::Replica& replica;
  const Peers& peers;
  std::size_t clients = 0;
  std::chrono::nanoseconds uptime{0};
};

// All sections for "", "all", "default" or "everything", else the named one; nothing if there is
// none of that name.
std::string info_text(const Facts& facts, std::string_view section);

std::string_view role_name(raft::Role role);

}  // namespace server
