// SPDX-License-Identifier: Apache-2.0
#include "version/version.h"

#include <gtest/gtest.h>

#include <string>

namespace version {
namespace {

TEST(Version, IsThatOfTheFileVersion) { EXPECT_STREQ(number(), VERSION_NUMBER); }

TEST(Version, NamesTheCommitIfItIsKnown) {
  const std::string commit_name = commit();
  const std::string expected =
      commit_name.empty() ? number() : number() + (" (" + commit_name + ")");
  EXPECT_EQ(text(), expected);
}

}  // namespace
}  // namespace version
