// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"

namespace base {
namespace {

std::string counted(int first, int step) {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<char>(first + i * step));
  return bytes;
}

// RFC 3720 §B.4 lists the checksums byte by byte as sent; these are the same as numbers.
TEST(Crc32c, GivesTheNumbersOfRfc3720) {
  for (const auto& crc : {crc32c, crc32c_by_table}) {
    EXPECT_EQ(crc(std::string(32, '\0'), 0), 0x8a9136aaU);
    EXPECT_EQ(crc(std::string(32, '\xff'), 0), 0x62a8ab43U);
    EXPECT_EQ(crc(counted(0, 1), 0), 0x46dd794eU);
    EXPECT_EQ(crc(counted(31, -1), 0), 0x113fdb5cU);
    EXPECT_EQ(crc("123456789", 0), 0xe3069283U);
    EXPECT_EQ(crc("", 0), 0U);
  }
}

TEST(Crc32c, InstructionAndTableAgreeAndPiecesJoin) {
  Prng prng(20);
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (std::uint64_t left = prng.between(0, round % 2 == 0 ? 100 : 5000); left > 0; --left) {
      bytes.push_back(static_cast<char>(prng.next()));
    }
    const std::string_view all = bytes;
    const std::size_t cut = prng.between(0, all.size());
    EXPECT_EQ(crc32c(all), crc32c_by_table(all));
    EXPECT_EQ(crc32c(all), crc32c(all.substr(cut), crc32c(all.substr(0, cut))));
  }
}

}  // namespace
}  // namespace base
