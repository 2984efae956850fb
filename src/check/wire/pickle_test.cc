// SPDX-License-Identifier: Apache-2.0
#include "check/wire/pickle.h"

#include <gtest/gtest.h>

#include <string>

#include "check/wire/streams_test.h"

namespace check::wire {
namespace {

std::string show(const Pickle& pickle, const PickleValue& value, int depth = 0) {
  std::string text;
  const auto items = [&] {
    for (std::size_t at = 0; at < value.items.size(); ++at) {
      text += (at == 0 ? "" : " ") + show(pickle, pickle.item(value, at), depth + 1);
    }
    return text;
  };
  if (depth > 3) return "...";
  switch (value.kind) {
    case PickleValue::Kind::None:
      return "None";
    case PickleValue::Kind::Boolean:
      return value.number != 0 ? "True" : "False";
    case PickleValue::Kind::Integer:
      return std::to_string(value.number);
    case PickleValue::Kind::Real:
      return "real";
    case PickleValue::Kind::Text:
      return "'" + std::string(value.bytes) + "'";
    case PickleValue::Kind::Bytes:
      return "b:" + hex(value.bytes);
    case PickleValue::Kind::List:
      return "[" + items() + "]";
    case PickleValue::Kind::Tuple:
      return "(" + items() + ")";
    case PickleValue::Kind::Dictionary:
      return "{" + items() + "}";
    case PickleValue::Kind::Global:
      break;
  }
  return "global";
}

std::string read(const std::string& text) {
  const auto pickle = Pickle::read(text);
  return pickle.ok() ? show(pickle.value(), pickle.value().root()) : pickle.error().message;
}

TEST(Pickle, ReadsWhatItUnderstands) {
  EXPECT_EQ(read("\x80\x02}."), "{}");
  EXPECT_EQ(read("N."), "None");
  EXPECT_EQ(read("(K\x07M\x2c\x01J\xff\xff\xff\xff\x88\x89t."), "(7 300 -1 True False)");
  EXPECT_EQ(read(unhex("8a 00 2e")), "0");
  EXPECT_EQ(read(unhex("8a 01 ff 2e")), "-1");
  EXPECT_EQ(read(unhex("8a 05 00 00 00 80 00 2e")), "2147483648");
  EXPECT_EQ(read(unhex("8b 01 00 00 00 7f 2e")), "127");
  EXPECT_EQ(read("G12345678."), "real");
  EXPECT_EQ(read("](K\1K\2eK\3a."), "[1 2 3]");
  EXPECT_EQ(read(unhex("7d \"U\" 01 \"aK\" 01 \"s(U\" 01 \"bK\" 02 \"u.\"")), "{'a' 1 'b' 2}");
  EXPECT_EQ(read("K\1K\2\x86q\1h\1h\1\x87."), "((1 2) (1 2) (1 2))");
  EXPECT_EQ(read(unhex("4b 01 85 71 00 68 00 86 2e")), "((1) (1))");
  // bytes([65, 195, 255]) as protocol 2 spells them, and bytes().
  EXPECT_EQ(read("c_codecs\nencode\n" +
                 unhex("58 05 00 00 00 41 c3 83 c3 bf 58 06 00 00 00 \"latin1\" 86 52 2e")),
            "b:41 c3 ff");
  EXPECT_EQ(read("c__builtin__\nbytes\n)R."), "b:");
}

TEST(Pickle, RunsNothing) {
  EXPECT_EQ(read("cos\nsystem\nU\x04true\x85R."),
            "pickle: a global that is not understood; nothing is ever called at byte 0");
  EXPECT_EQ(read("c__builtin__\nbytes\n(K\1tR."),
            "pickle: a call that is not understood; nothing is ever called at byte 23");
  EXPECT_EQ(read("K\1)R."),
            "pickle: a call that is not understood; nothing is ever called at byte 3");
  EXPECT_EQ(read("(U\1xi."), "pickle: an opcode that is not understood at byte 4");
}

TEST(Pickle, RefusesWhatDoesNotFitTogether) {
  for (const char* text : {"",
                           ".",
                           "(.",
                           "K\1K\2.",
                           "a.",
                           "]a.",
                           "K\1K\2a.",
                           "e.",
                           "(e.",
                           "}(K\1u.",
                           "t.",
                           "\x85.",
                           "(\x85.",
                           "h\1.",
                           "q\1.",
                           "s.",
                           "R.",
                           "K",
                           "X\xff\xff\xff\xff.",
                           "]K\1",
                           "cos"}) {
    const auto pickle = Pickle::read(text);
    EXPECT_FALSE(pickle.ok()) << hex(text);
  }
  EXPECT_FALSE(Pickle::read(unhex("8a 09 00 00 00 00 00 00 00 00 01 2e")).ok());
  EXPECT_FALSE(Pickle::read(unhex("72 ff ff ff ff 2e")).ok());
}

TEST(Pickle, AListThatHoldsItselfIsRead) {
  EXPECT_EQ(read(unhex("5d 71 00 68 00 61 2e")), "[[[[...]]]]");
}

TEST(Pickle, HoldsNoMoreThanIsAllowed) {
  // Each list holds the one before twice: written out, the last would be endless.
  std::string doubling = unhex("5d 71 00");
  for (int step = 0; step < 64; ++step) doubling += unhex("5d 28 68 00 68 00 65 71 00");
  const std::string text = "(" + doubling + "t.";
  const auto pickle = Pickle::read(text);
  ASSERT_TRUE(pickle.ok()) << pickle.error().message;
  EXPECT_EQ(pickle.value().item(pickle.value().root(), 64).items.size(), 2U);
  const std::string many(Pickle::kMostValues + 1, 'N');
  EXPECT_EQ(read("(" + many + "t."), "pickle: too many values at byte 1048576");
}

}  // namespace
}  // namespace check::wire
