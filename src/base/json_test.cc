// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "base/json_writer.h"
#include "base/prng.h"
#include "golden/golden.h"

namespace base {
namespace {

// NOLINTNEXTLINE(misc-no-recursion): test data is shallow.
void write(JsonWriter& writer, const Json& value) {
  if (value.is_null()) {
    writer.null();
  } else if (const auto truth = value.boolean()) {
    writer.boolean(*truth);
  } else if (const auto whole = value.integer()) {
    writer.integer(*whole);
  } else if (const auto real = value.real()) {
    writer.real(*real);
  } else if (const std::string* text = value.string()) {
    writer.string(*text);
  } else if (const Json::Array* array = value.array()) {
    writer.begin_array();
    for (const Json& element : *array) write(writer, element);
    writer.end_array();
  } else if (const Json::Object* object = value.object()) {
    writer.begin_object();
    for (const auto& [name, member] : *object) write(writer.name(name), member);
    writer.end_object();
  }
}

std::string rewritten(std::string_view text) {
  const auto value = parse_json(text, {.depth = 4, .size_bytes = 120});
  if (!value.ok()) return "error " + value.error().message;
  std::string out;
  JsonWriter writer(out);
  write(writer, value.value());
  return out;
}

TEST(Json, ReadsWhatRfc8259AllowsAndNothingElse) {
  golden::run(TESTDATA "/json.txt", [](const golden::Case& the_case) {
    // A case is one word: `_` stands for a space, `@` for "=".
    std::string text = the_case.arguments.begin()->first;
    for (char& byte : text) {
      if (byte == '_') byte = ' ';
      if (byte == '@') byte = '\x01';
      if (byte == '^') byte = '\xff';
    }
    return rewritten(text);
  });
}

TEST(Json, AnyBytesSurviveAsAString) {
  const char* given = std::getenv("SEED");
  const std::uint64_t seed = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  std::printf("seed: %llu (SEED=%llu repeats it)\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(seed));
  Prng prng(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    const std::uint64_t size = prng.between(0, 12);
    while (bytes.size() < size) {
      // Bytes near the stand-ins F4 8F BE 80..BF and F4 8F BF 80..BF are the hard ones.
      constexpr std::string_view kHard = "\xf4\x8f\xbe\xbf\x80\xed\xa0\xc3\xa9\"\\\n";
      bytes.push_back(prng.between(0, 3) == 0 ? static_cast<char>(prng.between(0, 255))
                                              : kHard[prng.between(0, kHard.size() - 1)]);
    }
    std::string text;
    append_json_string(text, bytes);
    const auto value = parse_json(text);
    ASSERT_TRUE(value.ok()) << text << ": " << value.error().message;
    ASSERT_EQ(*value.value().string(), bytes) << text;
  }
}

TEST(Json, NumbersKeepAllTheirDigits) {
  const auto value = parse_json("[18446744073709551615,-9223372036854775808,0.1,1e3]");
  const Json::Array& numbers = *value.value().array();
  EXPECT_EQ(numbers[0].natural(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(numbers[0].integer());
  EXPECT_EQ(numbers[1].integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(numbers[2].real(), 0.1);
  EXPECT_FALSE(numbers[3].integer());
}

TEST(JsonWriter, ZeroKeepsItsSign) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_array().real(-0.0).real(0.0).end_array();
  EXPECT_EQ(out, "[-0.0,0]");
  const auto value = parse_json(out);
  EXPECT_FALSE((*value.value().array())[0].integer());
  EXPECT_EQ((*value.value().array())[1].integer(), 0);
}

TEST(JsonWriter, BreaksLinesWhereAsked) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("a", 1).name("list").begin_array();
  writer.break_line().integer(-1).break_line().natural(2).break_line().end_array();
  writer.member("t", true).member("s", "x").member("r", 0.5).end_object();
  EXPECT_EQ(out, "{\"a\":1,\"list\":[\n-1,\n2\n],\"t\":true,\"s\":\"x\",\"r\":0.5}");
}

}  // namespace
}  // namespace base
