// SPDX-License-Identifier: Apache-2.0
// The part of FileSystem that changes names: each change leaves behind how to take it back.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "check/faultfs/file_system.h"

namespace check::faultfs {

namespace {

using Need = Troubles::Need;
using Pace = Troubles::Pace;

}  // namespace

std::string FileSystem::fresh_stash_name() { return std::to_string(++stashed_); }

ino_t FileSystem::parent_of(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  struct stat found {};
  return ::fstatat(root(), parent.c_str(), &found, 0) == 0 ? found.st_ino : 0;
}

void FileSystem::created(const std::string& path, int remove_flags) {
  undo_.changed_names(
      parent_of(path),
      [this, path, remove_flags] { ::unlinkat(root(), path.c_str(), remove_flags); }, {});
}

void FileSystem::forget_stashed(const std::string& name) const {
  ::unlinkat(stash_.get(), name.c_str(), 0);
}

int FileSystem::mkdir(const char* path, mode_t mode) {
  if (const int trouble = troubles_.meet(Need::Room, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  if (::mkdirat(root(), below(path), mode) != 0) return -errno;
  created(below(path), AT_REMOVEDIR);
  return 0;
}

int FileSystem::symlink(const char* target, const char* path) {
  if (const int trouble = troubles_.meet(Need::Room, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  if (::symlinkat(target, root(), below(path)) != 0) return -errno;
  created(below(path), 0);
  return 0;
}

int FileSystem::link(const char* from, const char* to) {
  if (const int trouble = troubles_.meet(Need::Room, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  if (::linkat(root(), below(from), root(), below(to), 0) != 0) return -errno;
  created(below(to), 0);
  return 0;
}

int FileSystem::create(const char* path, mode_t mode, int flags, OpenFile*& opened) {
  if (const int trouble = troubles_.meet(Need::Room, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  struct stat before {};
  const bool existed = ::fstatat(root(), below(path), &before, AT_SYMLINK_NOFOLLOW) == 0;
  OpenFile file;
  if (const int error = files_.open(root(), below(path), flags | O_CREAT, mode, file)) {
    return -error;
  }
  if (!existed) created(below(path), 0);
  opened = keep(std::move(file));
  return 0;
}

int FileSystem::rmdir(const char* path) {
  if (const int trouble = troubles_.meet(Need::Disk, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  const std::string name = below(path);
  struct stat before {};
  if (::fstatat(root(), name.c_str(), &before, 0) != 0) return -errno;
  if (::unlinkat(root(), name.c_str(), AT_REMOVEDIR) != 0) return -errno;
  const mode_t mode = before.st_mode & 07777;
  undo_.changed_names(parent_of(name),
                      [this, name, mode] { ::mkdirat(root(), name.c_str(), mode); }, {});
  return 0;
}

int FileSystem::unlink(const char* path) {
  if (const int trouble = troubles_.meet(Need::Disk, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  const std::string name = below(path);
  const std::string stashed = fresh_stash_name();
  if (::renameat(root(), name.c_str(), stash_.get(), stashed.c_str()) != 0) return -errno;
  undo_.changed_names(
      parent_of(name),
      [this, name, stashed] { ::renameat(stash_.get(), stashed.c_str(), root(), name.c_str()); },
      [this, stashed] { forget_stashed(stashed); });
  return 0;
}

int FileSystem::rename(const char* from, const char* to, unsigned flags) {
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) return -EINVAL;
  if (const int trouble = troubles_.meet(Need::Disk, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  const std::string old_name = below(from);
  const std::string new_name = below(to);
  // What the new name stood for until now; a directory can only be replaced if it is empty.
  std::string stashed;
  struct stat replaced {};
  const bool replaces =
      ::fstatat(root(), new_name.c_str(), &replaced, AT_SYMLINK_NOFOLLOW) == 0 && flags == 0;
  if (replaces && !S_ISDIR(replaced.st_mode)) {
    stashed = fresh_stash_name();
    if (::linkat(root(), new_name.c_str(), stash_.get(), stashed.c_str(), 0) != 0) return -errno;
  }
  if (::renameat2(root(), old_name.c_str(), root(), new_name.c_str(), flags) != 0) {
    const int error = errno;
    if (!stashed.empty()) forget_stashed(stashed);
    return -error;
  }
  struct stat moved {};
  const bool is_file = ::fstatat(root(), new_name.c_str(), &moved, AT_SYMLINK_NOFOLLOW) == 0;
  // As ext4 does (auto_da_alloc): a file that replaces another has its data on the disk first.
  if (replaces && is_file && profile_ == Profile::Ext4Like) {
    undo_.written_back(moved.st_ino);
  }
  const bool remake = replaces && S_ISDIR(replaced.st_mode);
  undo_.changed_names(
      parent_of(new_name),
      [this, old_name, new_name, stashed, remake, mode = replaced.st_mode & 07777] {
        ::renameat(root(), new_name.c_str(), root(), old_name.c_str());
        if (remake) ::mkdirat(root(), new_name.c_str(), mode);
        if (stashed.empty()) return;
        ::renameat(stash_.get(), stashed.c_str(), root(), new_name.c_str());
      },
      [this, stashed] {
        if (!stashed.empty()) forget_stashed(stashed);
      });
  return 0;
}

}  // namespace check::faultfs
