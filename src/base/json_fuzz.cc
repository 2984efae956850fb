// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as JSON: what is understood must be the same after it was written and read
// again; and any bytes at all must survive as a string.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace {

// NOLINTNEXTLINE(misc-no-recursion): as deep as the reader allows.
void write(base::JsonWriter& writer, const base::Json& value) {
  if (const auto truth = value.boolean()) {
    writer.boolean(*truth);
  } else if (const auto whole = value.integer()) {
    writer.integer(*whole);
  } else if (const auto real = value.real()) {
    writer.real(*real);
  } else if (const std::string* text = value.string()) {
    writer.string(*text);
  } else if (const auto* array = value.array()) {
    writer.begin_array();
    for (const base::Json& element : *array) write(writer, element);
    writer.end_array();
  } else if (const auto* object = value.object()) {
    writer.begin_object();
    for (const auto& [name, member] : *object) write(writer.name(name), member);
    writer.end_object();
  } else {
    writer.null();  // Also a number that fits no type.
  }
}

std::string written(const base::Json& value) {
  std::string text;
  base::JsonWriter writer(text);
  write(writer, value);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  std::string quoted;
  base::append_json_string(quoted, input);
  const auto string = base::parse_json(quoted);
  CHECK(string.ok(), quoted);
  CHECK(*string.value().string() == input, quoted);

  const auto value = base::parse_json(input);
  if (!value.ok()) return 0;
  const std::string once = written(value.value());
  const auto again = base::parse_json(once);
  CHECK(again.ok(), once);
  CHECK(written(again.value()) == once, once);
  return 0;
}
