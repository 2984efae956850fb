// SPDX-License-Identifier: Apache-2.0
// Messages of libraft's uv transport, which cowsql and dqlite use, too
// (docs/formats/wire-libraft.md).
//
//   0     8       16
//   [type][length][header, so many bytes][AppendEntries: entries; InstallSnapshot: the snapshot]
//
// All integers are little-endian, most take eight bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/wire/message.h"

namespace check::wire {

// What a connection begins with: who dialled.
struct LibraftGreeting {
  std::size_t size = 0;  // In bytes.
  std::string address;
};
// Nothing if it is not all there yet. An error: it is none.
base::Result<std::optional<LibraftGreeting>> libraft_greeting(std::string_view bytes);

// The size of the message that begins here, all its parts together; nothing if that cannot be told
// yet. An error: none begins here.
base::Result<std::optional<std::size_t>> libraft_size(std::string_view bytes);

// What a whole message says. It does not name its sender.
base::Result<Message> libraft_message(std::string_view bytes);

// Where a field of a message lies; all take eight bytes. Nothing if this type has none such.
std::optional<std::size_t> libraft_field(MessageType type, std::string_view field);

}  // namespace check::wire
