// SPDX-License-Identifier: Apache-2.0
#include "check/faultfs/open_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace check::faultfs {

namespace {

constexpr std::size_t kTidyAt = 1000;

}  // namespace

int OpenFiles::open(int root, const char* path, int flags, mode_t mode, OpenFile& opened) {
  const int plain = flags & (O_CREAT | O_EXCL | O_NOFOLLOW);
  sandbox::Fd fd(::openat(root, path, plain | O_RDWR | O_CLOEXEC, mode));
  const bool read_only = !fd.open() && (flags & O_ACCMODE) == O_RDONLY;
  if (read_only) {
    fd = sandbox::Fd(::openat(root, path, plain | O_RDONLY | O_CLOEXEC, mode));
  }
  if (!fd.open()) return errno;
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return errno;
  opened.inode = found.st_ino;
  opened.each_write_syncs = (flags & O_DSYNC) != 0;  // O_SYNC contains it.
  if (read_only) {                                   // Of no use to those that write.
    opened.file = std::make_shared<const sandbox::Fd>(std::move(fd));
    return 0;
  }
  if (known_.size() > kTidyAt) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  }
  std::weak_ptr<const sandbox::Fd>& known = known_[found.st_ino];
  opened.file = known.lock();
  if (opened.file != nullptr) return 0;
  opened.file = std::make_shared<const sandbox::Fd>(std::move(fd));
  known = opened.file;
  return 0;
}

}  // namespace check::faultfs
