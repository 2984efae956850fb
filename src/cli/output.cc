// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

namespace cli {

void put(std::FILE* stream, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace cli
