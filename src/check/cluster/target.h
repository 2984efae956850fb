// SPDX-License-Identifier: Apache-2.0
// What `--target` may name, and the one door from a name to a system under test:
//
//   etcd, raftkv, ...      built in
//   NAME                   a folder with an adapter.toml among the adapters
//   PATH of a folder       that has an adapter.toml
//   PATH of a *.so         a shared object (plugin.h)
//
// The adapters lie in the folder that SEAWORTHY_ADAPTERS names, else in ../share/seaworthy/adapters
// seen from the executable, else, for one in build/PRESET/bin, in the source tree's adapters/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/knob.h"
#include "check/cluster/raft_cluster_config.h"

namespace check::cluster {

struct TargetInfo {
  std::string name;         // "etcd", "broken/stale-read"
  std::string description;  // One line.
  std::string missing;      // Why it cannot run on this machine; empty: it can.
  std::vector<Knob> knobs = {};
};

// Everything known by name, in the order in which to show it.
std::vector<TargetInfo> targets();

// The system called `name_or_path`. `hosts` outlives it. An error says what is missing, or which
// name, of a target or a setting, is near to an unknown one.
base::Result<std::unique_ptr<RaftClusterConfig>> make_target(const std::string& name_or_path,
                                                             Hosts& hosts,
                                                             const Settings& settings = {});

// What can be set about it. An error says which name is near to an unknown one.
base::Result<std::vector<Knob>> knobs_of(const std::string& name_or_path);

// The list of a target's known bugs: known.toml in the folder among the adapters that has its name,
// also of a built-in target, or in the folder that it names itself; empty: there is none.
std::string known_bugs_file(const std::string& name_or_path);

}  // namespace check::cluster
