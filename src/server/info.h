// SPDX-License-Identifier: Apache-2.0
// The answer to INFO: lines of name:value in sections, as Redis has them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kv/machine.h"
#include "member/member.h"
#include "os/directory.h"
#include "server/metrics.h"
#include "server/options.h"
#include "session/sessions.h"

namespace server {

struct Facts {
  const Options& options;
  const member::Member& member;
  const kv::Machine& machine;
  const session::Sessions& sessions;
  const os::Directory& disk;
  const Counters& counters;
  std::size_t clients = 0;
  std::chrono::nanoseconds uptime{0};
};

// All sections if none is named, or one is "all", "default" or "everything"; else those that are
// named, each once. A name that is none is for nothing.
std::string info_text(const Facts& facts, std::span<const std::string_view> named);

std::string_view role_name(raft::Role role);

}  // namespace server
