// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Bytes, AreLittleEndianAndComeBackAsWritten) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0f0e0d0c0b0a0908);
  writer.boolean(true);
  writer.sized("ab");
  EXPECT_EQ(out, std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
                             "\x01\x02\0\0\0ab",
                             22));

  ByteReader reader(out);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0302);
  EXPECT_EQ(reader.u32(), 0x07060504U);
  EXPECT_EQ(reader.u64(), 0x0f0e0d0c0b0a0908U);
  EXPECT_TRUE(reader.boolean());
  EXPECT_EQ(reader.sized(), "ab");
  EXPECT_TRUE(reader.finish("all").ok());
}

TEST(Bytes, ALengthIsFilledInLater) {
  std::string out = "xx";
  ByteWriter writer(out);
  writer.u32(0);
  writer.bytes("abc");
  writer.set_u32(2, 3);
  ByteReader reader(std::string_view(out).substr(2));
  EXPECT_EQ(reader.sized(), "abc");
}

TEST(Bytes, AReaderPastItsEndYieldsZerosAndSaysSoOnce) {
  ByteReader reader(
      std::string_view("\x05\x00\x00\x00"
                       "abc",
                       7));
  EXPECT_EQ(reader.sized(), "");
  EXPECT_EQ(reader.u8(), 0);  // Although "abc" is there: after an error nothing is believed.
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_EQ(reader.finish("record", 100).error().message, "record: ends too early at byte 104");
}

TEST(Bytes, ABooleanIsZeroOrOne) {
  ByteReader reader(std::string_view("\x02\x01", 2));
  (void)reader.boolean();
  (void)reader.boolean();
  EXPECT_EQ(reader.finish("flag").error().message,
            "flag: a byte that must be 0 or 1 is neither at byte 0");
}

TEST(Bytes, LeftOversAreAnError) {
  ByteReader reader(std::string_view("ab"));
  (void)reader.u8();
  EXPECT_EQ(reader.finish("record").error().message, "record: bytes are left over at byte 1");
}

}  // namespace
}  // namespace base
