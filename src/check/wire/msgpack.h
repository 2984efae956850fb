// SPDX-License-Identifier: Apache-2.0
// MessagePack (github.com/msgpack/msgpack, spec.md) as far as Rafts use it: maps, arrays, strings
// of bytes in the old and the new form, naturals, booleans, nil. Extensions and floats can be
// skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace check::wire {

// Finds where a value ends that arrives in pieces, and looks at each byte's header only once.
class MsgpackScanner {
 public:
  // `bytes`: the value from its beginning, as much of it as there is; more at each call. Its size
  // once it is complete, and ready for the next value then. An error: not MessagePack, deeper than
  // kDeepest, or a string longer than `longest`.
  base::Result<std::optional<std::size_t>> scan(std::string_view bytes, std::size_t longest);

  static constexpr std::size_t kDeepest = 16;

 private:
  base::Status enter(std::uint64_t content, std::uint64_t members, std::size_t longest);

  std::size_t at_ = 0;                     // Before is known; may lie behind what has come.
  std::vector<std::uint64_t> open_ = {1};  // Values still to come in each open container.
};

// Reads a complete value. As base::ByteReader: what is not there yields zero and is said at the
// end.
class MsgpackReader {
 public:
  explicit MsgpackReader(std::string_view in) : in_(in) {}

  // How many members follow: name, value, name, value, ... Nil is an empty map.
  std::uint64_t map();
  std::uint64_t array();  // Nil is an empty array.
  std::uint64_t natural();
  bool boolean();
  std::string_view raw();  // Nil is empty.
  void skip();             // One value, whatever it is.

  std::size_t position() const { return at_; }
  bool ok() const { return what_ == nullptr; }
  // Fine if everything asked for was there and nothing is left over.
  base::Status finish(std::string_view thing);

 private:
  struct Item;
  std::optional<Item> item();
  std::uint64_t container(bool map);
  void refuse(const char* what);

  std::string_view in_;
  std::size_t at_ = 0;
  std::size_t item_at_ = 0;
  const char* what_ = nullptr;
};

// Values as go-msgpack writes them: the smallest form, strings in the old one.
void msgpack_natural(std::string& out, std::uint64_t value);
void msgpack_boolean(std::string& out, bool value);
void msgpack_raw(std::string& out, std::string_view value);
void msgpack_map(std::string& out, std::size_t members);  // Requires: fewer than 16.

}  // namespace check::wire
