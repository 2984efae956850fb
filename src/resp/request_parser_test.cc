// SPDX-License-Identifier: Apache-2.0
#include "resp/request_parser.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "golden/golden.h"

namespace resp {
namespace {

constexpr RequestLimits kSmall{
    .arguments = 8, .argument_bytes = 64, .request_bytes = 128, .inline_bytes = 64};

std::string unescape(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    switch (text.at(++i)) {
      case 'r':
        bytes += '\r';
        break;
      case 'n':
        bytes += '\n';
        break;
      case 't':
        bytes += '\t';
        break;
      case 's':
        bytes += ' ';
        break;
      case 'x':
        bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      default:
        bytes += text[i];
    }
  }
  return bytes;
}

std::string escape(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      const auto value = static_cast<unsigned char>(c);
      text += {'\\', 'x', kDigits[value >> 4U], kDigits[value & 15U]};
    }
  }
  return text;
}

// What a server would see if the kernel gave it `step` bytes at a time.
std::string requests_of(const std::string& bytes, std::size_t step) {
  RequestParser parser(kSmall);
  std::string out;
  std::size_t begin = 0;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    while (true) {
      const auto request = parser.next(std::string_view(bytes).substr(begin, end - begin));
      if (!request.ok()) return out + request.error().message;
      if (!request.value()) break;
      for (const std::string_view argument : request.value()->arguments)
        out += "[" + escape(argument) + "]";
      if (request.value()->arguments.empty()) out += "nothing";
      out += "\n";
      begin += request.value()->size_bytes;
    }
    if (end == bytes.size()) break;
  }
  return out + (begin == bytes.size() ? "end" : "more");
}

TEST(RequestParser, MatchesGoldenFileHoweverTheBytesArrive) {
  golden::run(TESTDATA "/requests.txt", [](const golden::Case& c) {
    const std::string bytes = unescape(c.arguments.at("bytes"));
    std::string whole = requests_of(bytes, bytes.size());
    for (const std::size_t step : {1U, 2U, 3U, 7U}) EXPECT_EQ(requests_of(bytes, step), whole);
    return whole;
  });
}

TEST(RequestParser, LooksAtBytesThatTrickleInOnce) {
  // 64 Ki arguments, byte by byte: quadratic work would take minutes.
  RequestLimits limits;
  RequestParser parser(limits);
  std::string bytes = "*65536\r\n";
  for (int i = 0; i < 65536; ++i) bytes += "$1\r\nx\r\n";
  for (std::size_t end = 1; end < bytes.size(); ++end)
    ASSERT_FALSE(parser.next(std::string_view(bytes).substr(0, end)).value());
  EXPECT_EQ(parser.next(bytes).value()->arguments.size(), 65536U);
}

}  // namespace
}  // namespace resp
