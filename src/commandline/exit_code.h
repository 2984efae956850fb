// SPDX-License-Identifier: Apache-2.0
// How raftkv ends, besides 0 and cli::kUsageError; and the one sentence that says why.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"
#include "journal/layout.h"

namespace commandline {

inline constexpr int kStorageDamaged = 4;
inline constexpr int kDiskFull = 5;

inline int fail(const std::string& message, int code) {
  std::fprintf(stderr, "raftkv: %s\n", message.c_str());
  return code;
}

// `error` of files that were opened as those of `cluster`.
inline std::string told(const base::Error& error, const std::string& cluster) {
  const bool other = error.message.ends_with(journal::kOtherCluster);
  return other ? error.message + " than '" + cluster + "'" : error.message;
}

}  // namespace commandline
