// SPDX-License-Identifier: Apache-2.0
#include "check/plan/words.h"

#include <gtest/gtest.h>

namespace check::plan {
namespace {

using Type = wire::MessageType;

TEST(Words, SayInCxxWhatThePlanFileSays) {
  const Rule strike{.name = "strike",
                    .when = {.types = {Type::AppendReply},
                             .from = follower(),
                             .to = leader(),
                             .index = at_least(57),
                             .success = true,
                             .nth = 3},
                    .actions = {drop(), kill(from()), wait(2000), start(from())},
                    .require = true};
  EXPECT_EQ(write_rule(strike),
            "\n[[rule]]\n"
            "name = \"strike\"\n"
            "when = { type = \"AppendReply\", from = \"follower\", to = \"leader\", "
            "index = \">=57\", success = true, nth = 3 }\n"
            "do = [\"drop\", \"kill from\", \"wait 2\", \"start from\"]\n"
            "require = true\n");
  const Rule successor{.name = "successor",
                       .when = {.types = {Type::AppendEntries},
                                .to = node(2),
                                .term = greater("strike", "term"),
                                .entries = at_least(1),
                                .after = {"strike"}},
                       .actions = {hold_until("end"), after_delivery(pause(to())),
                                   cut(from("strike"), follower(2)), heal()}};
  EXPECT_EQ(write_rule(successor),
            "\n[[rule]]\n"
            "name = \"successor\"\n"
            "when = { type = \"AppendEntries\", to = \"n2\", term = \">strike.term\", "
            "entries = \">=1\", after = \"strike\" }\n"
            "do = [\"hold until end\", \"pause to after delivery\", "
            "\"cut strike.from follower2\", \"heal\"]\n");
}

}  // namespace
}  // namespace check::plan
