// SPDX-License-Identifier: Apache-2.0
// How raftkv ends, besides 0 and cli::kUsageError; and the one sentence that says why.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"
#include "journal/journal.h"
#include "journal/layout.h"

namespace commandline {

inline constexpr int kStorageDamaged = 4;
inline constexpr int kDiskFull = 5;

inline int fail(const std::string& message, int code) {
  std::fprintf(stderr, "raftkv: %s\n", message.c_str());
  return code;
}

// `error` of files that were opened as those of `cluster`, in `directory`, with their whole path.
inline std::string told(const base::Error& error, const std::string& cluster,
                        const std::string& directory) {
  const bool names_file = !journal::file_of(error.message).empty();
  const bool is_of_data = error.code == base::ErrorCode::Corrupt;
  const bool names_all = error.message.find(directory) != std::string::npos;
  const std::string text = names_file                 ? directory + "/" + error.message
                           : is_of_data && !names_all ? directory + ": " + error.message
                                                      : error.message;
  if (error.message.ends_with(journal::kOtherCluster)) return text + " than '" + cluster + "'";
  const bool other_node = error.message.find(journal::kOtherNode) != std::string::npos;
  return other_node ? text + ": --id or the directory is wrong" : text;
}

}  // namespace commandline
