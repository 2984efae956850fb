// SPDX-License-Identifier: Apache-2.0
// Reads Python pickles without running anything: the opcodes of protocol 2 that build None,
// booleans, whole numbers, text, bytes, lists, tuples and dictionaries. Any other opcode, and any
// other global than the two by which protocol 2 spells bytes, is refused.
//
//   TRY(const Pickle pickle, Pickle::read(text));
//   const PickleValue* term = pickle.find(pickle.root(), "term");
//
// A pickle may contain itself; those who walk deeper than they must should not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace check::wire {

struct PickleValue {
  enum class Kind : std::uint8_t {
    None,
    Boolean,
    Integer,
    Real,  // Its value is not read.
    Text,
    Bytes,
    List,
    Tuple,
    Dictionary,
    Global  // Stands for a way to spell bytes.
  };

  Kind kind = Kind::None;
  std::int64_t number = 0;             // Of a boolean: 0 or 1.
  std::string_view bytes = {};         // Of text: UTF-8.
  std::vector<std::uint32_t> items{};  // Which values it holds; of a dictionary: key, value, ...
  // Where it stands, if one opcode says all of it.
  std::size_t begin = 0;
  std::size_t end = 0;

  std::optional<std::uint64_t> natural() const;
  std::optional<bool> boolean() const;
  const std::string_view* text() const { return kind == Kind::Text ? &bytes : nullptr; }
  // Content of bytes; also of text, by which older Pythons mean bytes.
  const std::string_view* content() const;
};

class Pickle {
 public:
  static constexpr std::size_t kMostValues = std::size_t{1} << 20U;
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20U;  // Of text and of bytes made.

  // The text must outlive what is returned.
  static base::Result<Pickle> read(std::string_view text);

  const PickleValue& root() const { return values_[root_]; }
  // Requires: `at` is less than value.items.size().
  const PickleValue& item(const PickleValue& value, std::size_t at) const {
    return values_[value.items[at]];
  }
  // What the dictionary has under `key`; null if nothing, or if `value` is no dictionary.
  const PickleValue* find(const PickleValue& value, std::string_view key) const;

 private:
  friend class PickleReader;

  std::vector<PickleValue> values_;
  std::deque<std::string> made_;  // Bytes that do not stand in the text as they are.
  std::uint32_t root_ = 0;
};

}  // namespace check::wire
