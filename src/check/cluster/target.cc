// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/target.h"

#include <array>
#include <string_view>

#include "base/text.h"
#include "check/cluster/etcd_cluster.h"
#include "check/cluster/program.h"
#include "check/cluster/raftkv_cluster.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
using MadeTarget = base::Result<std::unique_ptr<RaftClusterConfig>>;

struct BuiltIn {
  const char* name;
  const char* description;
  const char* program;  // program.h
  const char* broken;   // raftkv_cluster.h
};

constexpr const char* kBroken = "broken/raftkv";
constexpr const char* kTwin = "the same build with nothing broken";

constexpr std::array kBuiltIns = {
    BuiltIn{"etcd", "etcd 3.4 to 3.6 (Debian: etcd-server)", "etcd", ""},
    BuiltIn{"raftkv", "our own replicated Redis-compatible server", "raftkv", ""},
    BuiltIn{"broken/stale-read", "wrong on purpose: a deposed leader answers reads from memory",
            kBroken, "stale-read"},
    BuiltIn{"broken/early-ack", "wrong on purpose: acknowledges before a majority has it", kBroken,
            "early-ack"},
    BuiltIn{"broken/lost-tail", "wrong on purpose: forgets its last synced batch on restart",
            kBroken, "lost-tail"},
    BuiltIn{"twin/stale-read", kTwin, kBroken, ""},
    BuiltIn{"twin/early-ack", kTwin, kBroken, ""},
    BuiltIn{"twin/lost-tail", kTwin, kBroken, ""},
};

const char* advice_for(const BuiltIn& target) {
  if (std::string_view(target.program) == "etcd") return "apt-get install etcd-server";
  if (std::string_view(target.program) == kBroken) return "build with -DSEAWORTHY_BROKEN=ON";
  return "";
}

MadeTarget make(const BuiltIn& target, Hosts& hosts) {
  TRY(const std::string program, find_program(target.program, advice_for(target)));
  if (std::string_view(target.name) == "etcd") return EtcdCluster::make(hosts, program);
  return RaftkvCluster::make(hosts, {target.name, program, target.broken});
}

Error unknown_target(const std::string& name) {
  std::vector<std::string> names;
  for (const TargetInfo& target : targets()) names.push_back(target.name);
  return {ErrorCode::NotFound, "unknown target '" + name + "'" + base::did_you_mean(name, names) +
                                   " (`seaworthy list targets` names them all)"};
}

}  // namespace

std::vector<TargetInfo> targets() {
  std::vector<TargetInfo> all;
  for (const BuiltIn& target : kBuiltIns) {
    const base::Result<std::string> program = find_program(target.program, advice_for(target));
    all.push_back({target.name, target.description, program.ok() ? "" : program.error().message});
  }
  return all;
}

MadeTarget make_target(const std::string& name, Hosts& hosts) {
  for (const BuiltIn& target : kBuiltIns) {
    if (name == target.name) return make(target, hosts);
  }
  return unknown_target(name);
}

}  // namespace check::cluster
