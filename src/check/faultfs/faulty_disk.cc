// SPDX-License-Identifier: Apache-2.0
#include "check/faultfs/faulty_disk.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace check::faultfs {

namespace {

// Through the mount, so that the kernel and the library have spoken to each other.
base::Status try_disk(sandbox::Sandbox& sandbox, const std::string& folder) {
  TRY(const auto disk, FaultyDisk::make(sandbox, sandbox::kClients, folder, folder + ".undo"));
  return sandbox.in_files_of(sandbox::kClients, [&]() -> base::Status {
    const std::string made = folder + "/a";
    if (::mkdir(made.c_str(), 0700) == 0 && ::rmdir(made.c_str()) == 0) return base::Done{};
    return sandbox::system_error("cannot write through FUSE");
  });
}

}  // namespace

base::Status probe(sandbox::Sandbox& sandbox) {
  std::string folder = "/tmp/seaworthy-disk-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return sandbox::system_error("cannot make " + folder);
  base::Status possible = try_disk(sandbox, folder);
  ::rmdir(folder.c_str());
  return possible;
}

FaultyDisk::FaultyDisk(sandbox::Sandbox& sandbox, history::NodeId node, std::string directory,
                       std::string stash)
    : sandbox_(sandbox), node_(node), directory_(std::move(directory)), stash_(std::move(stash)) {}

base::Result<std::unique_ptr<FaultyDisk>> FaultyDisk::make(sandbox::Sandbox& sandbox,
                                                           history::NodeId node,
                                                           const std::string& directory,
                                                           const std::string& stash,
                                                           Profile profile) {
  std::unique_ptr<FaultyDisk> disk(new FaultyDisk(sandbox, node, directory, stash));
  if (::mkdir(stash.c_str(), 0700) != 0) return sandbox::system_error("cannot make " + stash);
  TRY(disk->files_, FileSystem::open(directory, stash, profile));
  TRY(disk->mount_, Mount::over(sandbox, node, directory, *disk->files_));
  return disk;
}

FaultyDisk::~FaultyDisk() {
  mount_.reset();
  files_.reset();
  ::rmdir(stash_.c_str());
}

base::Result<Loss> FaultyDisk::cut_power(Cut cut) {
  const std::lock_guard lock(mutex_);
  mount_.reset();  // With all that the kernel has cached.
  const Loss loss = files_->roll_back(cut);
  TRY(mount_, Mount::over(sandbox_, node_, directory_, *files_));
  return loss;
}

void FaultyDisk::set(const Trouble& trouble) { files_->troubles().set(trouble); }

Suffered FaultyDisk::suffered() const { return files_->troubles().suffered(); }

base::Status FaultyDisk::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const std::lock_guard lock(mutex_);
  return files_->flip_bit(path, offset, bit);
}

}  // namespace check::faultfs
