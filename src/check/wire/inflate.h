// SPDX-License-Identifier: Apache-2.0
// zlib streams (RFC 1950) in memory: read all of them, write the plainest kind.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace check::wire {

// The content of a whole zlib stream: deflate (RFC 1951), no preset dictionary, the checksum right,
// nothing behind it. Content longer than `most_bytes` is refused before it is built.
base::Result<std::string> inflate(std::string_view compressed, std::size_t most_bytes);

// A zlib stream that holds `content` in stored blocks, not compressed.
std::string deflate_stored(std::string_view content);

}  // namespace check::wire
