// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/knob.h"

#include <gtest/gtest.h>

#include "check/cluster/target.h"

namespace check::cluster {
namespace {

std::string refusal(const std::string& name, const std::string& value) {
  const auto knobs = knobs_of("etcd");
  EXPECT_TRUE(knobs.ok());
  const base::Status checked = check_setting("etcd", knobs.value(), name, value);
  return checked.ok() ? "" : checked.error().message;
}

TEST(Knob, TakesWhatIsOfItsKind) {
  EXPECT_EQ(refusal("snapshot-count", "100"), "");
  EXPECT_EQ(refusal("pre-vote", "true"), "");
  EXPECT_EQ(refusal("snapshot-count", "many"),
            "setting 'snapshot-count' of etcd is a whole number, not 'many'");
  EXPECT_EQ(refusal("snapshot-count", ""),
            "setting 'snapshot-count' of etcd is a whole number, not ''");
  EXPECT_EQ(refusal("pre-vote", "1"), "setting 'pre-vote' of etcd is true or false, not '1'");
}

TEST(Knob, OfAnotherNameIsAnsweredWithTheNearest) {
  EXPECT_EQ(refusal("snapshot-cuont", "100").substr(0, 73),
            "of etcd: unknown setting 'snapshot-cuont'; did you mean 'snapshot-count'?");
  const base::Status none = check_setting("raftkv", {}, "snapshot-count", "100");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message, "nothing can be set about raftkv");
}

TEST(Knob, IsItsStandardUnlessSet) {
  const std::vector<Knob> knobs = {{"snapshot-count", KnobKind::Number, "", "100000", ""}};
  EXPECT_EQ(setting(knobs, {}, "snapshot-count"), "100000");
  EXPECT_EQ(setting(knobs, {{"snapshot-count", "7"}}, "snapshot-count"), "7");
}

}  // namespace
}  // namespace check::cluster
