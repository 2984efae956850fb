// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include "cli/parse.h"

namespace cli {

void put(std::FILE* stream, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stream);
}

int end(std::string_view program, int code) {
  const bool whole = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (whole) return code;
  print(stderr, "{}: cannot write to standard output\n", program);
  return code == 0 ? kUsageError : code;
}

}  // namespace cli
