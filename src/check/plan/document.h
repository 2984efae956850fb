// SPDX-License-Identifier: Apache-2.0
// The text of a plan after a TOML reader took it apart: values that know where they stood, so that
// every complaint can name file, line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace check::plan {

struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// A number with a fraction, rounded: 0.3 is 300. Too large a number, or none, is -1.
struct Thousandths {
  std::int64_t count = 0;
};

struct Value;
struct Entry;
using Array = std::vector<Value>;
using Table = std::vector<Entry>;

struct Value {
  std::variant<bool, std::int64_t, Thousandths, std::string, Array, Table> data;
  Position at;
};

struct Key {
  std::string name;
  Position at;
};

struct Entry {
  Key key;
  Value value;
};

struct Document {
  std::string file;  // For messages: the path as the user gave it.
  Table root;
};

// "plans/mine.toml:3:7: MESSAGE"
base::Error complaint(const Document& document, Position at, const std::string& message);

// Reads one table, key by key, and complains about what was not asked for.
//
//   TableReader lane(document, table, "lane");
//   TRY(const auto gap, lane.thousandths("gap"));
//   TRY(base::Done{}, lane.finished());   // "unknown key `gpa` in [lane]; did you mean `gap`?"
class TableReader {
 public:
  // Requires: `document` and `table` outlive the reader.
  TableReader(const Document& document, const Table& table, std::string name);

  // Null if the key is absent.
  const Value* find(std::string_view key);

  base::Result<std::string> text(std::string_view key, const std::string& otherwise);
  base::Result<std::uint64_t> number(std::string_view key, std::uint64_t otherwise,
                                     std::uint64_t most);
  base::Result<bool> flag(std::string_view key, bool otherwise);
  // A number or a list of numbers, as thousandths: 0.3 is 300. Empty if absent.
  base::Result<std::vector<std::uint32_t>> thousandths(std::string_view key);

  // An error if the table holds a key that nobody asked for.
  base::Status finished() const;

 private:
  base::Error wrong(const Value& value, std::string_view key, std::string_view expected) const;

  const Document& document_;
  const Table& table_;
  std::string name_;
  std::vector<std::string> asked_;
};

}  // namespace check::plan
