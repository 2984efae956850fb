// SPDX-License-Identifier: Apache-2.0
#include "check/faultfs/file_system.h"

#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace check::faultfs {

namespace {

using Need = Troubles::Need;
using Pace = Troubles::Pace;

// Names change through the mount alone, or while it is not mounted.
constexpr double kCacheSeconds = 3600;

FileSystem& self() { return *static_cast<FileSystem*>(fuse_get_context()->private_data); }

OpenFile* file_of(const fuse_file_info* info) {
  return info == nullptr ? nullptr : reinterpret_cast<OpenFile*>(info->fh);  // NOLINT
}
int or_errno(int result) { return result < 0 ? -errno : result; }

// Opens with `action` and gives the kernel the handle.
template <class Action>
int opened(fuse_file_info* info, Action action) {
  OpenFile* file = nullptr;
  const int result = action(file);
  if (result == 0) info->fh = reinterpret_cast<std::uint64_t>(file);
  return result;
}

void* init(fuse_conn_info* connection, fuse_config* config) {
  config->use_ino = 1;
  config->nullpath_ok = 1;
  config->hard_remove = 1;
  config->kernel_cache = 1;
  config->attr_timeout = 0;  // libfuse takes two names of one file for two files.
  config->entry_timeout = kCacheSeconds;
  config->negative_timeout = 0;
  // Small operations are faster copied; a file is cut by truncate() alone.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
                                             FUSE_CAP_SPLICE_MOVE | FUSE_CAP_ATOMIC_O_TRUNC);
  return fuse_get_context()->private_data;
}

int getattr(const char* path, struct stat* found, fuse_file_info* info) {
  if (const OpenFile* file = file_of(info)) return or_errno(::fstat(file->file->get(), found));
  return or_errno(::fstatat(self().root(), below(path), found, AT_SYMLINK_NOFOLLOW));
}

int readlink(const char* path, char* target, std::size_t size) {
  const ssize_t length = ::readlinkat(self().root(), below(path), target, size - 1);
  if (length < 0) return -errno;
  target[length] = '\0';
  return 0;
}

// NOLINTNEXTLINE(readability-function-size): the parameters are libfuse's.
int readdir(const char* /*path*/, void* buffer, fuse_fill_dir_t fill, off_t /*offset*/,
            fuse_file_info* info, fuse_readdir_flags /*flags*/) {
  // A place of its own in the listing for each time it is read.
  sandbox::Fd folder(::openat(file_of(info)->file->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(folder.get()), ::closedir);
  if (listing == nullptr) return -errno;
  folder.release();
  while (const dirent* entry = ::readdir(listing.get())) {  // NOLINT: no other thread has it.
    struct stat brief {};
    brief.st_ino = entry->d_ino;
    brief.st_mode = static_cast<mode_t>(entry->d_type) << 12U;
    fill(buffer, entry->d_name, &brief, 0, static_cast<fuse_fill_dir_flags>(0));
  }
  return 0;
}

int release(const char* /*path*/, fuse_file_info* info) {
  self().release(file_of(info));
  return 0;
}

int read(const char* /*path*/, char* data, std::size_t size, off_t offset, fuse_file_info* info) {
  return or_errno(static_cast<int>(::pread(file_of(info)->file->get(), data, size, offset)));
}

int statfs(const char* /*path*/, struct statvfs* found) {
  return or_errno(::fstatvfs(self().root(), found));
}

int chmod(const char* path, mode_t mode, fuse_file_info* info) {
  if (const OpenFile* file = file_of(info)) return or_errno(::fchmod(file->file->get(), mode));
  return or_errno(::fchmodat(self().root(), below(path), mode, 0));
}

int chown(const char* path, uid_t user, gid_t group, fuse_file_info* info) {
  if (const OpenFile* file = file_of(info)) {
    return or_errno(::fchown(file->file->get(), user, group));
  }
  return or_errno(::fchownat(self().root(), below(path), user, group, AT_SYMLINK_NOFOLLOW));
}

int utimens(const char* path, const timespec* times, fuse_file_info* info) {
  if (const OpenFile* file = file_of(info)) return or_errno(::futimens(file->file->get(), times));
  return or_errno(::utimensat(self().root(), below(path), times, AT_SYMLINK_NOFOLLOW));
}

off_t lseek(const char* /*path*/, off_t offset, int whence, fuse_file_info* info) {
  const off_t found = ::lseek(file_of(info)->file->get(), offset, whence);
  return found < 0 ? -errno : found;
}

fuse_operations make_operations() {
  fuse_operations table{};
  table.init = init;
  table.getattr = getattr;
  table.readlink = readlink;
  table.readdir = readdir;
  table.release = release;
  table.releasedir = release;
  table.read = read;
  table.statfs = statfs;
  table.chmod = chmod;
  table.chown = chown;
  table.utimens = utimens;
  table.lseek = lseek;
  table.mkdir = [](const char* path, mode_t mode) { return self().mkdir(path, mode); };
  table.rmdir = [](const char* path) { return self().rmdir(path); };
  table.symlink = [](const char* target, const char* path) { return self().symlink(target, path); };
  table.link = [](const char* from, const char* to) { return self().link(from, to); };
  table.unlink = [](const char* path) { return self().unlink(path); };
  table.rename = [](const char* from, const char* to, unsigned flags) {
    return self().rename(from, to, flags);
  };
  table.create = [](const char* path, mode_t mode, fuse_file_info* info) {
    return opened(info,
                  [&](OpenFile*& file) { return self().create(path, mode, info->flags, file); });
  };
  table.open = [](const char* path, fuse_file_info* info) {
    return opened(info, [&](OpenFile*& file) { return self().open_file(path, info->flags, file); });
  };
  table.write = [](const char*, const char* data, std::size_t size, off_t offset,
                   fuse_file_info* info) {
    return self().write(*file_of(info), data, size, offset);
  };
  table.truncate = [](const char* path, off_t size, fuse_file_info* info) {
    return self().truncate(path, file_of(info), size);
  };
  table.fallocate = [](const char*, int mode, off_t offset, off_t length, fuse_file_info* info) {
    return self().fallocate(*file_of(info), mode, offset, length);
  };
  table.fsync = [](const char*, int only_data, fuse_file_info* info) {
    return self().fsync(*file_of(info), only_data != 0);
  };
  table.opendir = [](const char* path, fuse_file_info* info) {
    return opened(info, [&](OpenFile*& folder) { return self().open_directory(path, folder); });
  };
  table.fsyncdir = [](const char*, int, fuse_file_info* info) {
    return self().fsync_directory(*file_of(info));
  };
  return table;
}

}  // namespace

const char* below(const char* path) { return path[0] == '/' && path[1] == '\0' ? "." : path + 1; }

base::Result<std::unique_ptr<FileSystem>> FileSystem::open(const std::string& folder,
                                                           const std::string& stash,
                                                           Profile profile) {
  constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  sandbox::Fd root(::open(folder.c_str(), kFolder));
  if (!root.open()) return sandbox::system_error("cannot open " + folder);
  sandbox::Fd stash_folder(::open(stash.c_str(), kFolder));
  if (!stash_folder.open()) return sandbox::system_error("cannot open " + stash);
  return std::unique_ptr<FileSystem>(
      new FileSystem(std::move(root), std::move(stash_folder), profile));
}

const fuse_operations& FileSystem::operations() {
  static const fuse_operations kTable = make_operations();
  return kTable;
}

Loss FileSystem::roll_back(Cut cut) {
  const std::lock_guard lock(mutex_);
  handles_.clear();
  return undo_.roll_back(cut);
}

base::Status FileSystem::flip_bit(const std::string& path, std::uint64_t offset,
                                  unsigned bit) const {
  const sandbox::Fd file(::openat(root(), path.c_str(), O_RDWR | O_CLOEXEC));
  unsigned char byte = 0;
  const auto at = static_cast<off_t>(offset);
  if (!file.open()) return sandbox::system_error("cannot open " + path);
  if (::pread(file.get(), &byte, 1, at) != 1) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       path + " has no byte " + std::to_string(offset)};
  }
  byte = static_cast<unsigned char>(byte ^ (1U << (bit % 8)));
  if (::pwrite(file.get(), &byte, 1, at) == 1) return base::Done{};
  return sandbox::system_error("cannot write " + path);
}

int FileSystem::open_file(const char* path, int flags, OpenFile*& opened) {
  const std::lock_guard lock(mutex_);
  OpenFile file;
  if (const int error = files_.open(root(), below(path), flags & ~(O_CREAT | O_EXCL), 0, file)) {
    return -error;
  }
  opened = keep(std::move(file));
  return 0;
}

OpenFile* FileSystem::keep(OpenFile file) {
  auto kept = std::make_unique<OpenFile>(std::move(file));
  OpenFile* handle = kept.get();
  handles_.emplace(handle, std::move(kept));
  return handle;
}

void FileSystem::release(const OpenFile* file) {
  const std::lock_guard lock(mutex_);
  handles_.erase(file);
}

int FileSystem::write_recorded(const OpenFile& file, const char* data, std::size_t size,
                               off_t offset) {
  const std::lock_guard lock(mutex_);
  if (const int error = undo_.will_change(file.file, offset, size)) return -error;
  return or_errno(static_cast<int>(::pwrite(file.file->get(), data, size, offset)));
}

int FileSystem::write(const OpenFile& file, const char* data, std::size_t size, off_t offset) {
  if (const int trouble = troubles_.meet(Need::Room, Pace::AsTheDisk)) return -trouble;
  const int written = write_recorded(file, data, size, offset);
  if (written < 0 || !file.each_write_syncs) return written;
  const int synced = fsync(file, true);
  return synced < 0 ? synced : written;
}

int FileSystem::truncate(const char* path, const OpenFile* file, off_t size) {
  if (const int trouble = troubles_.meet(Need::Disk, Pace::AtOnce)) return -trouble;
  const std::lock_guard lock(mutex_);
  OpenFile named;
  if (file == nullptr) {
    if (const int error = files_.open(root(), below(path), O_RDWR, 0, named)) return -error;
    file = &named;
  }
  struct stat before {};
  if (::fstat(file->file->get(), &before) != 0) return -errno;
  const auto cut = static_cast<std::size_t>(before.st_size > size ? before.st_size - size : 0);
  if (const int error = undo_.will_change(file->file, size, cut)) return -error;
  return or_errno(::ftruncate(file->file->get(), size));
}

int FileSystem::fallocate(const OpenFile& file, int mode, off_t offset, off_t length) {
  if (const int trouble = troubles_.meet(Need::Room, Pace::AtOnce)) return -trouble;
  constexpr int kKnown = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if ((mode & ~kKnown) != 0) return -EOPNOTSUPP;
  const std::lock_guard lock(mutex_);
  // Plain reservation changes no byte that was there.
  const bool clears = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
  const std::size_t changed = clears ? static_cast<std::size_t>(length) : 0;
  if (const int error = undo_.will_change(file.file, offset, changed)) return -error;
  return or_errno(::fallocate(file.file->get(), mode, offset, length));
}

std::uint64_t FileSystem::now() {
  const std::lock_guard lock(mutex_);
  return undo_.now();
}

int FileSystem::fsync(const OpenFile& file, bool only_data) {
  if (const int trouble = troubles_.meet(Need::Disk, Pace::AsTheDisk)) return -trouble;
  const std::uint64_t then = now();
  const int fd = file.file->get();
  if ((only_data ? ::fdatasync(fd) : ::fsync(fd)) != 0) return -errno;
  const std::lock_guard lock(mutex_);
  undo_.synced_file(file.inode, then);
  return 0;
}

int FileSystem::open_directory(const char* path, OpenFile*& opened) {
  const std::lock_guard lock(mutex_);
  sandbox::Fd folder(::openat(root(), below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat found {};
  if (!folder.open() || ::fstat(folder.get(), &found) != 0) return -errno;
  opened = keep({std::make_shared<const sandbox::Fd>(std::move(folder)), found.st_ino, false});
  return 0;
}

int FileSystem::fsync_directory(const OpenFile& directory) {
  if (const int trouble = troubles_.meet(Need::Disk, Pace::AsTheDisk)) return -trouble;
  const std::uint64_t then = now();
  if (::fsync(directory.file->get()) != 0) return -errno;
  const std::lock_guard lock(mutex_);
  undo_.synced_directory(directory.inode, then);
  return 0;
}

}  // namespace check::faultfs
