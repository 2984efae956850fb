// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <initializer_list>

#include "check/run/analyse.h"

namespace check::run {
namespace {

using verdict::Verdict;

int joined(std::initializer_list<int> codes) {
  JoinedRuns runs;
  for (const int code : codes) runs.take(code);
  return runs.code();
}

TEST(JoinedRuns, AreAsGoodAsTheWorst) {
  EXPECT_EQ(joined({kExitValid, kExitValid}), kExitValid);
  EXPECT_EQ(joined({kExitValid, kExitUnknown, kExitValid}), kExitUnknown);
  EXPECT_EQ(joined({kExitUnknown, kExitInvalid, kExitValid}), kExitInvalid);
}

TEST(JoinedRuns, WithAcceptedBugsAreAsGoodAsTheRest) {
  EXPECT_EQ(joined({kExitValid, kExitKnown}), kExitKnown);
  EXPECT_EQ(joined({kExitKnown, kExitUnknown}), kExitKnownAndUnknown);
  EXPECT_EQ(joined({kExitKnownAndUnknown, kExitValid}), kExitKnownAndUnknown);
  EXPECT_EQ(joined({kExitKnown, kExitInvalid, kExitUnknown}), kExitInvalid);
}

TEST(ExitCode, OfAcceptedBugsIsThatOfTheRestAndTheVerdictStaysInvalid) {
  for (const auto& [beside, code] : {std::pair(Verdict::Valid, kExitValid),
                                     {Verdict::Unknown, kExitUnknown},
                                     {Verdict::Invalid, kExitInvalid}}) {
    Opinion opinion;
    opinion.verdict = Verdict::Invalid;
    opinion.beside_known = beside;
    EXPECT_EQ(shown_code(exit_code(opinion, true)), code);
    EXPECT_EQ(verdict_of(exit_code(opinion, true)), Verdict::Invalid);
    EXPECT_TRUE(judged(exit_code(opinion, true)));
    EXPECT_EQ(exit_code(opinion, false), kExitInvalid);
  }
}

}  // namespace
}  // namespace check::run
