// SPDX-License-Identifier: Apache-2.0
// The etcd adapter against the real etcd.
#include "check/cluster/etcd_cluster.h"

#include <gtest/gtest.h>

#include "check/cluster/conformance.h"
#include "check/cluster/local_hosts.h"
#include "check/cluster/target.h"

namespace check::cluster {
namespace {

std::unique_ptr<RaftClusterConfig> make_etcd(LocalHosts& hosts) {
  auto made = make_target("etcd", hosts);
  if (!made.ok()) {
    ADD_FAILURE() << made.error().message;
    return nullptr;
  }
  return std::move(made).value();
}

TEST(EtcdCluster, OneNodeIsARegisterThatSurvivesKill) {
  LocalHosts hosts(1);
  const auto etcd = make_etcd(hosts);
  ASSERT_NE(etcd, nullptr);
  EXPECT_TRUE(etcd->version().starts_with("3.")) << etcd->version();
  start_all(*etcd, hosts);
  check_register(*etcd);
  check_survives_kill(*etcd, hosts);
}

TEST(EtcdCluster, ThreeNodesKeepTheContractOfOutcomes) {
  LocalHosts hosts(3);
  const auto etcd = make_etcd(hosts);
  ASSERT_NE(etcd, nullptr);
  start_all(*etcd, hosts);
  check_register(*etcd);
  check_status(*etcd);
  check_frozen(*etcd, hosts, NodeId{1});
  check_refused(*etcd, NodeId{2});
}

TEST(EtcdCluster, ChangesItsMembersAndItsLeader) {
  LocalHosts hosts(3);
  const auto etcd = make_etcd(hosts);
  ASSERT_NE(etcd, nullptr);
  start_all(*etcd, hosts);
  check_membership(*etcd, hosts);
}

// It may be behind: only with a majority it knows.
TEST(EtcdCluster, ANodeAloneIsNotBelievedWhoTheMembersAre) {
  LocalHosts hosts(3);
  const auto etcd = make_etcd(hosts);
  ASSERT_NE(etcd, nullptr);
  start_all(*etcd, hosts);
  Membership& membership = *etcd->membership();
  const NodeId away{3};
  ASSERT_TRUE(membership.remove(away, std::chrono::seconds(10)).ok());
  EXPECT_TRUE(membership.remove(away, std::chrono::seconds(10)).ok());
  hosts.pause(NodeId{2});
  EXPECT_FALSE(membership.remove(away, std::chrono::seconds(1)).ok());
  hosts.resume(NodeId{2});
}

}  // namespace
}  // namespace check::cluster
