// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <algorithm>
#include <charconv>

namespace base {

namespace {

template <class Value>
std::optional<Value> number_as(const Json::Content& content) {
  const auto* number = std::get_if<Json::Number>(&content);
  if (number == nullptr) return std::nullopt;
  Value value = 0;
  const char* end = number->text.data() + number->text.size();
  const auto [stop, error] = std::from_chars(number->text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool has_a_name_twice(const Json::Object& object) {
  std::vector<std::string_view> names;
  names.reserve(object.size());
  for (const Json::Member& member : object) names.push_back(member.first);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by the cursor's depth.
Json read(JsonCursor& cursor) {
  switch (cursor.kind()) {
    case JsonKind::Null:
      cursor.null();
      break;
    case JsonKind::Boolean:
      return Json(cursor.boolean());
    case JsonKind::Number:
      return Json(Json::Number{std::string(cursor.number())});
    case JsonKind::String: {
      std::string text;
      cursor.string(text);
      return Json(std::move(text));
    }
    case JsonKind::Array: {
      Json::Array array;
      cursor.enter_array();
      while (cursor.next_element()) array.push_back(read(cursor));
      return Json(std::move(array));
    }
    case JsonKind::Object: {
      Json::Object object;
      std::string name;
      cursor.enter_object();
      while (cursor.next_member(name)) object.emplace_back(name, read(cursor));
      if (has_a_name_twice(object)) cursor.reject("no name twice in the object that ends here");
      return Json(std::move(object));
    }
  }
  return Json();
}

}  // namespace

// Here rather than in the header: inlined into each user, the variant costs compile time and makes
// GCC 12 warn of members that it takes for uninitialised.
Json::Json() = default;
Json::Json(Content content) : content_(std::move(content)) {}
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

std::optional<bool> Json::boolean() const {
  const bool* value = std::get_if<bool>(&content_);
  return value == nullptr ? std::nullopt : std::optional<bool>(*value);
}

std::optional<std::int64_t> Json::integer() const { return number_as<std::int64_t>(content_); }
std::optional<std::uint64_t> Json::natural() const { return number_as<std::uint64_t>(content_); }
std::optional<double> Json::real() const { return number_as<double>(content_); }

const Json* Json::find(std::string_view name) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(),
                                  [name](const Member& member) { return member.first == name; });
  return found == members->end() ? nullptr : &found->second;
}

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  JsonCursor cursor(text, limits);
  Json value = read(cursor);
  TRY([[maybe_unused]] const Done done, cursor.finish());
  return value;
}

}  // namespace base
