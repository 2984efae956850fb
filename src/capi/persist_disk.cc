// SPDX-License-Identifier: Apache-2.0
#include "capi/persist_disk.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "journal/journal.h"
#include "journal/layout.h"
#include "journal/mapped_log.h"
#include "journal/snapshot_layout.h"
#include "os/directory.h"

namespace capi {
namespace {

constexpr std::string_view kLog = journal::MappedLog::kName;

}  // namespace

base::Result<std::unique_ptr<io::Disk>> PersistDisk::open(const Setup& setup) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::absolute(setup.persist, failed);
  const bool exists = !failed && std::filesystem::exists(path, failed);
  const auto wrong = [&](const std::string& what) {
    return base::Error{base::ErrorCode::InvalidArgument, setup.persist + what};
  };
  if (failed) return wrong(": " + failed.message());
  if (!path.has_filename()) return wrong(" names a directory: expected a file");
  if (exists && !std::filesystem::is_regular_file(path, failed)) return wrong(" is no file");
  if (exists && setup.mode == RAFT_FRESH) {
    return wrong(" exists: recover from it, or name another file");
  }
  if (!exists && setup.mode == RAFT_RECOVER) {
    return wrong(" does not exist: there is nothing to recover from");
  }
  const std::string file = path.filename().string();
  TRY(std::unique_ptr<io::Disk> directory,
      of_the_environment(os::Directory::lock(path.parent_path().string(), file + ".lock")));
  auto disk = std::unique_ptr<io::Disk>(new PersistDisk(std::move(directory), file));
  TRY(const std::vector<std::string> names, disk->list());
  for (const std::string& name : names) {
    const bool state =
        name.ends_with(journal::kSnapshotSuffix) || name.ends_with(journal::kStagedSuffix);
    if (state && setup.mode == RAFT_FRESH) {
      return wrong("." + name + " is of a former server: remove it, or name another file");
    }
  }
  return disk;
}

std::string PersistDisk::place_of(const std::string& name) const {
  return name == kLog ? file_ : file_ + "." + name;
}

base::Result<std::vector<std::string>> PersistDisk::list() {
  TRY(const std::vector<std::string> all, directory_->list());
  std::vector<std::string> names;
  for (const std::string& name : all) {
    if (name == file_) names.emplace_back(kLog);
    if (name.starts_with(file_ + ".")) names.push_back(name.substr(file_.size() + 1));
  }
  std::ranges::sort(names);
  return names;
}

base::Result<std::unique_ptr<io::File>> PersistDisk::open(const std::string& name) {
  return directory_->open(place_of(name));
}

base::Result<std::unique_ptr<io::File>> PersistDisk::create(const std::string& name) {
  return directory_->create(place_of(name));
}

base::Result<std::unique_ptr<io::MappedFile>> PersistDisk::map(const std::string& name) {
  return directory_->map(place_of(name));
}

base::Status PersistDisk::rename(const std::string& from, const std::string& to) {
  return directory_->rename(place_of(from), place_of(to));
}

base::Status PersistDisk::remove(const std::string& name) {
  return directory_->remove(place_of(name));
}

base::Error told(base::Error error, const std::string& persist) {
  const std::string_view file = journal::file_of(error.message);
  if (file == kLog) {
    error.message = persist + error.message.substr(file.size());
  } else if (!file.empty()) {
    error.message = persist + "." + error.message;
  } else if (error.code == base::ErrorCode::Corrupt &&
             error.message.find(persist) == std::string::npos) {
    error.message.insert(0, persist + ": ");
  }
  if (error.message.find(journal::kOtherNode) != std::string::npos) {
    error.message += ": the id or the file is wrong";
  }
  return error;
}

}  // namespace capi
