// SPDX-License-Identifier: Apache-2.0
// A plan as somebody outside the tree writes it in C++: prints what `seaworthy check --plan` takes.
#include <iostream>

#include "check/plan/words.h"

int main() {
  using namespace check::plan;  // NOLINT: words of a language of their own.
  using Type = check::wire::MessageType;
  Plan plan;
  plan.name = "reply-lost-and-dead";
  plan.about = "a follower has stored an entry, and neither says so nor lives";
  plan.rules = {{.name = "strike",
                 .when = {.types = {Type::AppendReply},
                          .from = follower(),
                          .to = leader(),
                          .success = true,
                          .nth = 30},
                 .actions = {drop(), kill(from()), wait(1000), start(from())},
                 .require = true},
                {.name = "heard-again",
                 .when = {.types = {Type::AppendReply},
                          .from = from("strike"),
                          .index = greater("strike", "index"),
                          .success = true,
                          .after = {"strike"}},
                 .require = true}};
  std::cout << write_plan(plan);
  return 0;
}
