// SPDX-License-Identifier: Apache-2.0
// A JSON text as a tree, for small files (run.json, verdict.json, a line of faults.jsonl). What is
// read by the million goes through JsonCursor; what is written goes through JsonWriter.
//
//   TRY(const base::Json run, base::parse_json(text));
//   const base::Json* seed = run.find("seed");   // null if there is none
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json_cursor.h"
#include "base/result.h"

namespace base {

class Json {
 public:
  struct Null {};
  // As it stood in the text, so that nothing is lost.
  struct Number {
    std::string text;
  };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // In the order of the text; no name twice.
  using Content = std::variant<Null, bool, Number, std::string, Array, Object>;

  Json();
  explicit Json(Content content);
  Json(const Json&) = delete;
  Json(Json&& other) noexcept;
  Json& operator=(const Json&) = delete;
  Json& operator=(Json&& other) noexcept;
  ~Json();

  const Content& content() const { return content_; }
  bool is_null() const { return std::holds_alternative<Null>(content_); }

  // What is there, if it is of that kind (and, for the integers, fits).
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  std::optional<std::uint64_t> natural() const;
  std::optional<double> real() const;
  const std::string* string() const { return std::get_if<std::string>(&content_); }
  const Array* array() const { return std::get_if<Array>(&content_); }
  const Object* object() const { return std::get_if<Object>(&content_); }

  // The member called `name`, if this is an object that has one.
  const Json* find(std::string_view name) const;

 private:
  Content content_;
};

// The whole text as one value. Errors name the byte and what was expected there; a name that an
// object has twice is one.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

}  // namespace base
