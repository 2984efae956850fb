// SPDX-License-Identifier: Apache-2.0
// One JSON object of an OVSDB cluster connection (docs/formats/wire-ovsdb.md).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "check/wire/message.h"

namespace check::wire {

// Finds where an object ends that comes piece by piece, looking at each byte once.
class OvsdbScanner {
 public:
  // The size of the object at the front of `waiting`, with the white space before it; none if it
  // does not end yet. `waiting` is what was given last time and more behind it.
  // An error if no object begins there.
  base::Result<std::optional<std::size_t>> object(std::string_view waiting);

 private:
  void inside_string(char byte);

  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

// What the object says; none if it is a probe of the link. An error if it is not JSON, or not what
// its method needs.
base::Result<std::optional<Message>> ovsdb_message(std::string_view object);

// The bytes of `object` that say the value of a message's field `key`; none if it has none.
struct OvsdbSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<OvsdbSpan> ovsdb_locate(std::string_view object, std::string_view key);

}  // namespace check::wire
