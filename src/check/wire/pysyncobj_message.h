// SPDX-License-Identifier: Apache-2.0
// One frame of PySyncObj (docs/formats/wire-pysyncobj.md): what it carries, and a frame that
// carries something else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/wire/message.h"
#include "check/wire/pickle.h"

namespace check::wire {

inline constexpr std::size_t kPysyncobjHead = 4;  // The length, before the compressed pickle.

// What a message is, beside what it says.
struct PysyncobjMessage {
  Message message;
  // A large entry goes out as a pickle in pieces, each in an append_entries of its own.
  enum class Piece : std::uint8_t { None, First, Middle, Last };
  Piece piece = Piece::None;
  std::string_view data = {};  // Of the piece; stands in the pickle.
};

// A dictionary that one node sends to another; none if it is not one that is known.
std::optional<PysyncobjMessage> pysyncobj_message(const Pickle& pickle);

// The entry that a pickled tuple (command, index, term) is.
std::optional<Entry> pysyncobj_entry(const Pickle& pickle, const PickleValue& tuple);

// The length and the pickle, stored.
std::string pysyncobj_frame(std::string_view pickle);

}  // namespace check::wire
