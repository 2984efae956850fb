// SPDX-License-Identifier: Apache-2.0
// The bodies of frames, read field by field.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/frame.h"

namespace codec {

// Reads the body of a frame of type `type` (layout.h). `origin`: where the body begins in the
// stream, `type_at` where its type stands; for errors.
struct BodyPlace {
  std::uint64_t type_at = 0;
  std::uint64_t origin = 0;
};
base::Result<Body> decode_body(std::uint8_t type, std::string_view bytes, const BodyPlace& place);

}  // namespace codec
