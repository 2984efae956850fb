// SPDX-License-Identifier: Apache-2.0
#include "os/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace os {
namespace {

TEST(Descriptors, AreAllowedAsFarAsTheSystemLets) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_GE(before.rlim_max, 300U);
  const rlimit few{100, 300};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(allow_descriptors(50), 100U);
  EXPECT_EQ(allow_descriptors(200), 200U);
  EXPECT_EQ(allow_descriptors(1000), 300U);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, 300U);
}

}  // namespace
}  // namespace os
