// SPDX-License-Identifier: Apache-2.0
// The two ways to drive raftkv, built-in client and shim, against the real raftkv of this build.
#include "check/cluster/raftkv_cluster.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "check/cluster/conformance.h"
#include "check/cluster/local_hosts.h"
#include "check/cluster/target.h"

namespace check::cluster {
namespace {

class EveryWay : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { ::setenv("SEAWORTHY_RAFTKV", RAFTKV, 1); }

  static std::unique_ptr<RaftClusterConfig> make(LocalHosts& hosts) {
    auto made = make_target(GetParam(), hosts);
    if (made.ok()) return std::move(made).value();
    ADD_FAILURE() << made.error().message;
    return nullptr;
  }
};

TEST_P(EveryWay, OneNodeIsARegisterThatSurvivesKill) {
  LocalHosts hosts(1);
  const auto raftkv = make(hosts);
  ASSERT_NE(raftkv, nullptr);
  EXPECT_FALSE(raftkv->version().empty());
  start_all(*raftkv, hosts);
  check_register(*raftkv);
  check_survives_kill(*raftkv, hosts);
}

TEST_P(EveryWay, ThreeNodesKeepTheContractOfOutcomes) {
  LocalHosts hosts(3);
  const auto raftkv = make(hosts);
  ASSERT_NE(raftkv, nullptr);
  start_all(*raftkv, hosts);
  check_register(*raftkv);
  check_status(*raftkv);
  check_frozen(*raftkv, hosts, NodeId{1});
  check_refused(*raftkv, NodeId{2});
}

TEST(RaftkvCluster, ChangesItsMembersAndItsLeader) {
  ::setenv("SEAWORTHY_RAFTKV", RAFTKV, 1);
  LocalHosts hosts(3);
  auto made = make_target(
      "raftkv", hosts, {{"snapshot-entries", "10"}, {"follower-reads", "true"}, {"lease", "true"}});
  ASSERT_TRUE(made.ok()) << made.error().message;
  start_all(*made.value(), hosts);
  check_membership(*made.value(), hosts);
}

std::string label(const testing::TestParamInfo<const char*>& way) {
  return std::string(way.param) == "raftkv" ? "BuiltIn" : "Shim";
}

INSTANTIATE_TEST_SUITE_P(Raftkv, EveryWay, testing::Values("raftkv", "raftkv-shim"), label);

}  // namespace
}  // namespace check::cluster
