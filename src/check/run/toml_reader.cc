// SPDX-License-Identifier: Apache-2.0
#include "check/run/toml_reader.h"

#include <fmt/format.h>

#include <cmath>

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace check::run {

namespace {

plan::Position position(const toml::source_position& at) {
  return {static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)};
}

// More than any plan means; far from what a rounded double can hold exactly.
constexpr double kLargest = 1e9;

plan::Thousandths thousandths(double number) {
  // Written so that not-a-number is refused, too.
  if (!(number > -kLargest && number < kLargest)) return {-1};
  return {std::llround(number * 1000)};
}

plan::Table converted(const toml::table& table);

// Dates and times mean nothing in a plan; they become their kind's name, which no key expects.
plan::Value converted(const toml::node& node) {
  plan::Value value;
  value.at = position(node.source().begin);
  if (const auto* table = node.as_table()) {
    value.data = converted(*table);
  } else if (const auto* array = node.as_array()) {
    plan::Array items;
    for (const toml::node& item : *array) items.push_back(converted(item));
    value.data = std::move(items);
  } else if (const auto* text = node.as_string()) {
    value.data = text->get();
  } else if (const auto* whole = node.as_integer()) {
    value.data = whole->get();
  } else if (const auto* real = node.as_floating_point()) {
    value.data = thousandths(real->get());
  } else if (const auto* flag = node.as_boolean()) {
    value.data = flag->get();
  } else {
    value.data = std::string("a date or time");
  }
  return value;
}

plan::Table converted(const toml::table& table) {
  plan::Table result;
  for (const auto& [key, node] : table) {
    result.push_back(
        {.key = {std::string(key.str()), position(key.source().begin)}, .value = converted(node)});
  }
  return result;
}

}  // namespace

base::Result<plan::Document> read_toml(const std::string& text, const std::string& file) {
  try {
    return plan::Document{file, converted(toml::parse(text, file))};
  } catch (const toml::parse_error& error) {
    const plan::Position at = position(error.source().begin);
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("{}:{}:{}: {}", file, at.line, at.column, error.description())};
  }
}

}  // namespace check::run
