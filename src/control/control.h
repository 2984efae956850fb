// SPDX-License-Identifier: Apache-2.0
// What the commands of raftkv other than `serve` do with a cluster that is running: they ask its
// nodes over the Redis protocol, like any client; all at the same time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/link.h"
#include "os/net.h"

namespace control {

struct Settings {
  std::vector<os::HostPort> nodes;  // Where they take clients. At least one.
  std::chrono::milliseconds timeout{10'000};
  bool json = false;
};

// What to print, and the exit code: kDone, kRefused, kUnknown or kNobody.
struct Outcome {
  int code = 0;
  std::string output;  // For standard output.
  std::string error;   // For standard error: one sentence, or nothing.
};
inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;  // Certainly not done; of status: no leader.
inline constexpr int kUnknown = 2;  // It may be done, or come yet.
inline constexpr int kNobody = 3;   // No node answered; usage.

// A table of the nodes that were asked, and one of the members as the leader knows them; or the
// same as one JSON object.
Outcome status(const Settings& settings);
// One line a node: what it says of itself.
Outcome why_not_leader(const Settings& settings);
// Has the leader do `words`, "RAFT ADD ...": looks for the node that leads, among those that are
// named or where they say that it takes clients, and asks that one only.
Outcome change(const Settings& settings, client::Words words);
// Has each of the nodes do `words`.
Outcome each(const Settings& settings, client::Words words);

base::Result<std::vector<os::HostPort>> parse_nodes(std::string_view text);

}  // namespace control
