// SPDX-License-Identifier: Apache-2.0
// Runs the tests of this module inside a sandbox's outer namespaces.
#include <gtest/gtest.h>

#include <iostream>

#include "check/sandbox/sandbox.h"

int main(int count, char** words) {  // NOLINT(bugprone-exception-escape): of a test's stream.
  testing::InitGoogleTest(&count, words);
  const auto support = check::sandbox::probe();
  if (!support.ok()) {
    std::cerr << support.error().message << '\n';
    return 1;
  }
  const auto code = check::sandbox::contain(support.value(), [] { return RUN_ALL_TESTS(); });
  if (!code.ok()) {
    std::cerr << code.error().message << '\n';
    return 1;
  }
  return code.value();
}
