// SPDX-License-Identifier: Apache-2.0
// The control lines of a NATS route (docs/formats/wire-nats.md).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace check::wire {

// A line that announces a message, whose payload follows it.
struct NatsLine {
  std::string_view subject = {};
  std::string_view reply = {};  // Empty: none.
  std::size_t header_bytes = 0;
  std::size_t total_bytes = 0;  // Of headers and payload, without the line break behind them.
};

// `line` is without its line break. None if it announces nothing. An error if its verb is not one
// that servers use among themselves, or if it does not make sense.
base::Result<std::optional<NatsLine>> nats_line(std::string_view line);

}  // namespace check::wire
