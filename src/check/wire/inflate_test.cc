// SPDX-License-Identifier: Apache-2.0
#include "check/wire/inflate.h"

#include <gtest/gtest.h>

#include <string>

#include "check/wire/streams_test.h"

namespace check::wire {
namespace {

constexpr std::size_t kPlenty = 1U << 20U;

std::string complaint(std::string_view compressed, std::size_t most = kPlenty) {
  const auto content = inflate(compressed, most);
  return content.ok() ? "" : content.error().message;
}

TEST(Inflate, ReadsBackWhatWasStored) {
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 200000U}) {
    std::string content;
    for (std::size_t at = 0; at < size; ++at) content += static_cast<char>(at * at >> 3U);
    const auto again = inflate(deflate_stored(content), kPlenty);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again.value(), content);
    if (size > 0) {
      EXPECT_EQ(complaint(deflate_stored(content), size - 1),
                "not a zlib stream: its content is longer than allowed");
    }
  }
}

TEST(Inflate, RefusesEveryBeginningAndEveryDamage) {
  // zlib.compress(b"hello hello hello hello")
  const std::string good = unhex("78 9c cb 48 cd c9 c9 57 c8 40 27 01 68 03 08 b1");
  ASSERT_EQ(inflate(good, kPlenty).value(), "hello hello hello hello");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(complaint(good.substr(0, size)), "") << size;
  }
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << bit % 8));
    const auto content = inflate(bad, kPlenty);
    // The header tells how hard it was tried, which changes nothing.
    if (content.ok()) {
      EXPECT_EQ(content.value(), "hello hello hello hello") << bit;
    }
  }
  EXPECT_NE(complaint(good + "x"), "");
}

TEST(Inflate, DoesNotBuildMoreThanIsAllowed) {
  // zlib.compress(bytes(1000000)): a thousand times smaller.
  std::string bomb = unhex("78 9c ed c1 01 01 00 00 00 82 20 ff af 6e 48 40 01");
  bomb.append(966, '\0');
  bomb += unhex("00 00 af 06 43 21 00 01");
  EXPECT_EQ(inflate(bomb, kPlenty).value(), std::string(1000000, '\0'));
  EXPECT_EQ(complaint(bomb, 1000), "not a zlib stream: its content is longer than allowed");
}

}  // namespace
}  // namespace check::wire
