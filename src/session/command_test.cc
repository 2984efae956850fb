// SPDX-License-Identifier: Apache-2.0
#include "session/command.h"

#include <gtest/gtest.h>

#include <array>

#include "golden/golden.h"

namespace session {
namespace {

std::string hex(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::string bytes_of(const std::string& hex_text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex_text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex_text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::uint64_t number(const golden::Case& c, const std::string& name) {
  return std::stoull(c.arguments.at(name));
}

std::string answer(const golden::Case& c) {
  const auto found = c.arguments.find("command");
  const std::string inner = found == c.arguments.end() ? "" : bytes_of(found->second);
  if (c.command == "plain") return hex(encode(Plain{inner}));
  if (c.command == "open") return hex(encode(Open{}));
  if (c.command == "close") return hex(encode(Close{SessionId(number(c, "session"))}));
  if (c.command == "numbered") {
    return hex(encode(Numbered{SessionId(number(c, "session")), Sequence(number(c, "sequence")),
                               Sequence(number(c, "first")), inner}));
  }
  if (c.command == "opened") return hex(opened_answer(SessionId(number(c, "session"))));
  if (c.command == "decode") {
    const auto decoded = decode(inner);
    return decoded.ok() ? "fine" : decoded.error().message;
  }
  return "unknown case " + c.command;
}

TEST(Command, HasTheBytesOfTheGoldenFile) { golden::run(TESTDATA "/command.txt", answer); }

TEST(Command, DecodesToWhatItWas) {
  const std::string first_bytes = {'\x00', '\x01', '\x7f', '\xef', '\xf0', '\xf3', '\xff'};
  for (const char first : first_bytes) {
    const std::string inner = std::string(1, first) + "rest";
    const std::string plain = encode(Plain{inner});
    ASSERT_TRUE(decode(plain).ok());
    EXPECT_EQ(std::get<Plain>(decode(plain).value()).command, inner);
    const std::string numbered = encode(Numbered{SessionId(5), Sequence(7), Sequence(6), inner});
    const base::Result<Command> decoded = decode(numbered);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(std::get<Numbered>(decoded.value()).command, inner);
    EXPECT_EQ(std::get<Numbered>(decoded.value()).sequence, Sequence(7));
  }
}

TEST(Answer, SaysAtItsEndWhatItIs) {
  machine::Answer answer = "OK";
  wrap(Kind::Answer, answer);
  EXPECT_EQ(hex(answer), "4f 4b 00");
  const auto unwrapped = unwrap(answer);
  ASSERT_TRUE(unwrapped.ok());
  EXPECT_EQ(unwrapped.value().answer, "OK");
  EXPECT_EQ(unwrapped.value().kind, Kind::Answer);
  EXPECT_FALSE(unwrap("").ok());
  EXPECT_FALSE(unwrap("x\x08").ok());
  const machine::Answer opened = opened_answer(SessionId(300));
  EXPECT_EQ(opened_session(unwrap(opened).value()).value(), SessionId(300));
  EXPECT_FALSE(opened_session(unwrapped.value()).ok());
}

}  // namespace
}  // namespace session
