// SPDX-License-Identifier: Apache-2.0
// What altering and refusing has in common, whatever the protocol.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "check/wire/decoder.h"

namespace check::wire {

inline base::Error refused(std::string why) {
  return {base::ErrorCode::InvalidArgument, std::move(why)};
}

inline Direction opposite(Direction direction) {
  return direction == Direction::FromDialer ? Direction::FromAcceptor : Direction::FromDialer;
}

// The one of a protocol's `fields` that is called `name`; `whose` is "append_reply of OVSDB".
template <class Field>
base::Result<Field> field_called(std::string_view name, std::span<const Field> fields,
                                 const std::string& whose) {
  std::string names;
  for (const Field& field : fields) {
    if (field.name == name) return field;
    names += (names.empty() ? "" : ", ") + std::string(field.name);
  }
  if (names.empty()) return refused(whose + " has no field that can be altered");
  return refused(whose + " has no field " + std::string(name) + ", only " + names);
}

}  // namespace check::wire
