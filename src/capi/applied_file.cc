// SPDX-License-Identifier: Apache-2.0
#include "capi/applied_file.h"

#include <fmt/core.h>

#include "base/sha256.h"
#include "os/error.h"

namespace capi {

base::Result<AppliedFile> AppliedFile::open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) return os::system_error("open " + path);
  AppliedFile applied(path, file);
  fmt::print(file, "# start\n");
  TRY([[maybe_unused]] const auto flushed, applied.flush());
  return applied;
}

void AppliedFile::add(const raft::Entry& entry) {
  if (entry.kind != raft::EntryKind::Command) return;
  fmt::print(file_.get(), "{} {} {}\n", entry.id.index.value(), entry.id.term.value(),
             base::sha256_hex(*entry.payload));
}

base::Status AppliedFile::flush() {
  if (std::fflush(file_.get()) != 0) return os::system_error("write " + path_);
  return base::Done{};
}

}  // namespace capi
