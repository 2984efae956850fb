// SPDX-License-Identifier: Apache-2.0
// Systems known from a manifest and a shim, on real processes.
#include "check/cluster/manifest_cluster.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "check/cluster/conformance.h"
#include "check/cluster/local_hosts.h"
#include "check/cluster/target.h"
#include "golden/golden.h"

namespace check::cluster {
namespace {

const std::string kTemplate = std::string(TESTDATA) + "/../../../../adapters/template";

TEST(Manifest, MistakesAreNamedWithTheirPlace) {
  golden::run(std::string(TESTDATA) + "/manifest.txt", [](const golden::Case& the_case) {
    const std::string folder =
        std::filesystem::path(std::string(TESTDATA)) / "manifest" / the_case.arguments.at("folder");
    const base::Result<Manifest> manifest = read_manifest(folder);
    if (manifest.ok()) return "ok: " + manifest.value().description;
    return manifest.error().message.substr(std::string(TESTDATA).size() + 1);
  });
}

TEST(Manifest, TheTemplateWorksAsItStands) {
  ::setenv("SEAWORTHY_MY_RAFT", (std::string(TESTDATA) + "/my_raft.py").c_str(), 1);
  LocalHosts hosts(1);
  auto made = make_target(kTemplate, hosts, {{"snapshot-every", "7"}});
  ASSERT_TRUE(made.ok()) << made.error().message;
  RaftClusterConfig& system = *made.value();
  EXPECT_EQ(system.name(), "template");
  EXPECT_EQ(system.version(), "my-raft 1.2.3");
  EXPECT_EQ(system.peer_ports(), (std::vector<std::uint16_t>{9090}));
  start_all(system, hosts);
  std::ifstream written(hosts.directory(NodeId{1}) + "/my-raft.conf");
  std::string line;
  std::getline(written, line);
  EXPECT_EQ(line, "node 1 listens at " + hosts.address(NodeId{1}));
  EXPECT_NE(hosts.output(NodeId{1}).find("a snapshot every 7 entries"), std::string::npos);
  check_register(system);
  check_status(system);
  check_frozen(system, hosts, NodeId{1});
  check_survives_kill(system, hosts);
  check_refused(system, NodeId{1});
}

}  // namespace
}  // namespace check::cluster
