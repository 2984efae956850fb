// SPDX-License-Identifier: Apache-2.0
#include "control/report.h"

#include <gtest/gtest.h>

#include "resp/reply_writer.h"

namespace control {
namespace {

NodeReport node(std::int64_t id, const std::string& role, std::int64_t term) {
  NodeReport report;
  report.where = "127.0.0.1:" + std::to_string(6378 + id);
  report.id = id;
  report.role = role;
  report.term = term;
  report.leader = 1;
  report.commit = report.applied = 120;
  report.last_index = 123;
  return report;
}

std::vector<NodeReport> cluster() {
  std::vector<NodeReport> reports{node(1, "leader", 7), node(2, "leader", 3), {}};
  reports[0].members = {{1, "n1:7001", "voter", true, std::nullopt},
                        {2, "n2:7001", "voter", true, 120},
                        {4, "n4:7001", "learner", false, 0}};
  reports[2].where = "127.0.0.1:6381";
  reports[2].error = "no connection to 127.0.0.1:6381 in time";
  return reports;
}

TEST(Report, IsATableForPeople) {
  EXPECT_EQ(
      as_table(cluster()),
      "NODE            ID  ROLE                                     TERM  LEADER  LAST  COMMIT"
      "  APPLIED  KEYS  CLIENTS  WAITING\n"
      "127.0.0.1:6379  1   leader                                   7     1       123   120"
      "     120      0     0        0\n"
      "127.0.0.1:6380  2   leader                                   3     1       123   120"
      "     120      0     0        0\n"
      "127.0.0.1:6381  -   no connection to 127.0.0.1:6381 in time\n"
      "\n"
      "NODE            LOG-MB  FILES  SNAPSHOT  SNAPSHOT-MB  AGE-S  SYNCS  SYNC-MS  SESSIONS"
      "  DAMAGED\n"
      "127.0.0.1:6379  0.0     0      -         -            -      0      0.00     0         no\n"
      "127.0.0.1:6380  0.0     0      -         -            -      0      0.00     0         no\n"
      "\n"
      "Members, as node 1 knows them, which leads in term 7:\n"
      "MEMBER  ADDRESS  PART     CONNECTED  MATCH  BEHIND\n"
      "1       n1:7001  voter    itself     123    0\n"
      "2       n2:7001  voter    yes        120    3\n"
      "4       n4:7001  learner  no         0      123\n");
  EXPECT_NE(as_table({node(3, "follower", 7)}).find("None of these nodes leads."),
            std::string::npos);
}

TEST(Report, IsAnObjectForPrograms) {
  std::vector<NodeReport> reports = cluster();
  reports.erase(reports.begin() + 1);
  EXPECT_EQ(as_json(reports),
            R"({"leader":1,"nodes":[{"node":"127.0.0.1:6379","id":1,"role":"leader","term":7,)"
            R"("leader":1,"last_index":123,"commit":120,"applied":120,"keys":0,"clients":0,)"
            R"("waiting":0,"sessions":0,"log_bytes":0,"log_files":0,"snapshot_index":0,)"
            R"("snapshot_bytes":0,"snapshot_age_seconds":0,"syncs":0,"sync_microseconds":0,)"
            R"("damaged":0,"members":[{"id":1,"address":"n1:7001","part":"voter",)"
            R"("connected":true,"match":null},{"id":2,"address":"n2:7001","part":"voter",)"
            R"("connected":true,"match":120},{"id":4,"address":"n4:7001","part":"learner",)"
            R"("connected":false,"match":0}]},{"node":"127.0.0.1:6381",)"
            R"("error":"no connection to 127.0.0.1:6381 in time"}]})"
            "\n");
}

TEST(Report, VouchesForTheLeaderOfTheSameMembersOnly) {
  NodeReport leader = cluster()[0];
  NodeReport teller = node(2, "follower", 7);
  teller.members = {leader.members[1], leader.members[2], leader.members[0]};
  EXPECT_TRUE(vouches(teller, leader));
  teller.leader = 4;
  EXPECT_FALSE(vouches(teller, leader));
  teller.leader = 1;
  leader.members[2].address = "other:7001";
  EXPECT_FALSE(vouches(teller, leader));
  leader.members.pop_back();
  EXPECT_FALSE(vouches(teller, leader));
  EXPECT_FALSE(vouches(cluster()[2], cluster()[2]));
}

TEST(Report, TakesOnlyWhatIsAStatus) {
  const auto parsed = [](const std::string& bytes) {
    return parse_report(resp::parse_reply(bytes).value()->reply);
  };
  EXPECT_FALSE(parsed("+OK\r\n").ok());
  EXPECT_EQ(parsed("-ERR unknown command 'RAFT'\r\n").error().message,
            "it gives no status: ERR unknown command 'RAFT'");
  EXPECT_FALSE(parsed("*3\r\n$2\r\nid\r\n:1\r\n$4\r\nrole\r\n").ok());
  const auto odd =
      parsed("*6\r\n$2\r\nid\r\n:1\r\n$4\r\nrole\r\n$3\r\na\x1b[\r\n$3\r\nnew\r\n*0\r\n");
  ASSERT_TRUE(odd.ok());
  EXPECT_EQ(odd.value().role, "a?[");
}

}  // namespace
}  // namespace control
