// SPDX-License-Identifier: Apache-2.0
// RFC 4648 §4, as JSON gateways of protocol buffers write bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace check::cluster {

std::string base64_of(std::string_view bytes);
// Nothing if `text` is not base64 with padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace check::cluster
