// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/applied_records.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/sha256.h"
#include "cli/output.h"

namespace sim::shell {

base::Result<AppliedRecords> AppliedRecords::open(const std::string& folder, std::uint64_t nodes) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return base::Error{base::ErrorCode::Io, folder + ": " + failed.message()};
  AppliedRecords records;
  for (std::uint64_t id = 1; id <= nodes; ++id) {
    const std::string path = fmt::format("{}/n{}.applied", folder, id);
    std::FILE* file = std::fopen(path.c_str(), "wx");
    if (file == nullptr) {
      return base::Error{base::ErrorCode::Io, path + ": " + std::strerror(errno)};
    }
    records.records_.push_back({path, std::unique_ptr<std::FILE, Closer>(file)});
  }
  return records;
}

void AppliedRecords::add(raft::NodeId node, const raft::Entry* entry) {
  std::FILE* file = records_[node.value - 1].file.get();
  if (entry == nullptr) {
    cli::print(file, "# start\n");
  } else if (entry->payload != nullptr) {
    cli::print(file, "{} {} {}\n", entry->id.index.value(), entry->id.term.value(),
               base::sha256_hex(*entry->payload));
  }
}

base::Status AppliedRecords::close() {
  for (Record& record : records_) {
    const bool bad = std::ferror(record.file.get()) != 0;
    if (std::fclose(record.file.release()) != 0 || bad) {
      return base::Error{base::ErrorCode::Io, record.path + ": " + std::strerror(errno)};
    }
  }
  return base::Done{};
}

}  // namespace sim::shell
