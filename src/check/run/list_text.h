// SPDX-License-Identifier: Apache-2.0
// Lists in a system that knows only texts: each element ends with a comma, "17,18,".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "check/history/operation.h"

namespace check::run {

// What is put behind the text to append `element`, which has no comma.
std::string piece_of(std::string_view element);

// The list as JSON text: `["17","18"]`, and "[]" of nothing. Nothing if the text is no list,
// because its last element has no end.
std::optional<std::string> list_of(const history::Value& text);

}  // namespace check::run
