// SPDX-License-Identifier: Apache-2.0
// Patterns of Redis: * any bytes, ? one byte, [a-c] [^a-c] one of these or not, \ takes the next
// literally; a class without its ] ends with the pattern.
//
// Takes at most pattern times text steps: a later * that was reached makes earlier ones final.
#pragma once

#include <string_view>

namespace kv {

bool matches(std::string_view pattern, std::string_view text);

}  // namespace kv
