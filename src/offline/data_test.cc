// SPDX-License-Identifier: Apache-2.0
#include "offline/data.h"

#include <gtest/gtest.h>

#include "resp/request_parser.h"

namespace offline {
namespace {

constexpr std::size_t kArgument = resp::RequestLimits{}.argument_bytes;

// What a server that takes `commands` has at "key" in the end; `count`: how many they were.
std::string loaded(std::string_view commands, std::size_t& count) {
  resp::RequestParser parser{resp::RequestLimits{}};
  std::string value;
  for (count = 0; !commands.empty(); ++count) {
    const auto request = parser.next(commands);
    EXPECT_TRUE(request.ok() && request.value());
    if (!request.ok() || !request.value()) break;
    const auto words = request.value()->arguments;
    EXPECT_EQ(words.size(), 3U);
    EXPECT_EQ(words[0], count == 0 ? "SET" : "APPEND");
    EXPECT_EQ(words[1], "key");
    value += words[2];
    commands.remove_prefix(request.value()->size_bytes);
  }
  return value;
}

TEST(Export, IsInCommandsThatAServerTakes) {
  struct Case {
    std::size_t bytes = 0;
    std::size_t commands = 1;
  };
  for (const auto& [bytes, commands] :
       {Case{0, 1}, Case{kArgument, 1}, Case{kArgument + 1, 2}, Case{2 * kArgument, 2}}) {
    std::string value(bytes, 'v');
    if (bytes > 0) value.back() = 'e';
    std::string text;
    append_pair("key", value, Format::Resp, text);
    std::size_t count = 0;
    EXPECT_TRUE(loaded(text, count) == value) << bytes;
    EXPECT_EQ(count, commands) << bytes;
  }
}

}  // namespace
}  // namespace offline
