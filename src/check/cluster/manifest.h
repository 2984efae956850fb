// SPDX-License-Identifier: Apache-2.0
// adapters/NAME/adapter.toml: everything the checker has to know of a system that it drives by a
// client shim. The file is described in docs/formats/adapter.md, and by adapters/template.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "check/cluster/knob.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/cluster/words.h"

namespace check::cluster {

struct ReadyByTcp {
  std::uint16_t port = 0;  // Up when it accepts connections.
};
struct ReadyByHttp {
  std::uint16_t port = 0;
  std::string path;  // Up when GET answers 200 to 299.
};
struct ReadyByClient {};  // Up when the shim can read.

// Words and texts as written; see words.h.
struct Manifest {
  struct File {
    std::string path;  // In the node's directory.
    std::string text;
  };

  std::string folder;  // Absolute; its last part is the target's name.
  std::string description;
  std::string install;               // Advice for when `program` is missing.
  std::vector<std::string> version;  // A command; may be empty.
  std::string program;
  std::vector<std::string> start;
  std::vector<std::string> join;  // Instead, of a node that was added; empty: the same.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<File> files;  // Written before each start.
  std::vector<std::uint16_t> peer_ports;
  std::string protocol;  // What is spoken there; may be empty.
  std::variant<ReadyByTcp, ReadyByHttp, ReadyByClient> ready;
  std::vector<std::string> shim;
  Capabilities capabilities;
  std::vector<Knob> knobs;  // Words may use them by their names.
  Settings settings;        // Of these.
};

// The names that words may use: of no node, unless `self` is one of the `nodes`.
Scope scope_of(const Manifest& manifest, const std::vector<Names>& nodes,
               std::optional<std::size_t> self);

// Errors are "FILE:LINE:COLUMN: sentence", with the nearest word for one that is not known.
base::Result<Manifest> read_manifest(const std::string& folder);

}  // namespace check::cluster
