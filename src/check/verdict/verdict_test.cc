// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/json.h"
#include "check/verdict/verdict_json.h"

namespace check::verdict {
namespace {

TEST(VerdictJson, SaysTheHeaviestFirstAndEachOpinionOnItsLine) {
  const std::vector<Finding> findings = {
      {"linear", Verdict::Invalid, "key \"x\": stale", {7, 9}, "ETCD-20418"},
      {"liveness", Verdict::Unknown, "the run was cut short", {}, std::nullopt}};
  const std::string text = verdict_json(findings);
  EXPECT_EQ(text,
            "{\"verdict\":\"invalid\",\"checkers\":[\n"
            "{\"name\":\"linear\",\"verdict\":\"invalid\",\"sentence\":\"key \\\"x\\\": "
            "stale\",\"evidence\":[7,9],\"known\":\"ETCD-20418\"},\n"
            "{\"name\":\"liveness\",\"verdict\":\"unknown\",\"sentence\":\"the run was cut "
            "short\",\"evidence\":[]}\n"
            "]}\n");
  EXPECT_TRUE(base::parse_json(text).ok());
}

TEST(VerdictJson, NoOpinionIsNoInvalidity) {
  EXPECT_EQ(verdict_json({}), "{\"verdict\":\"valid\",\"checkers\":[\n]}\n");
}

}  // namespace
}  // namespace check::verdict
