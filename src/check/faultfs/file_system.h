// SPDX-License-Identifier: Apache-2.0
// A folder passed through to a mount, call by call, with the disk's troubles before and the undo
// log beside each change. Functions are named as in fuse.h and return 0 or a negative errno.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "check/faultfs/open_files.h"
#include "check/faultfs/trouble.h"
#include "check/faultfs/undo_log.h"

struct fuse_operations;

namespace check::faultfs {

// Any thread.
class FileSystem {
 public:
  // `folder` is what is passed through; `stash`, on the same file system, keeps what was removed
  // and may have to come back.
  static base::Result<std::unique_ptr<FileSystem>> open(const std::string& folder,
                                                        const std::string& stash, Profile profile);

  // What libfuse calls; the private data of the fuse(3) object is a FileSystem.
  static const fuse_operations& operations();

  // Requires: nobody uses the mount.
  Loss roll_back(Cut cut);
  base::Status flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) const;
  Troubles& troubles() { return troubles_; }

  // --- Names. Paths as libfuse gives them: "/wal/1".
  int mkdir(const char* path, mode_t mode);
  int rmdir(const char* path);
  int symlink(const char* target, const char* path);
  int link(const char* from, const char* to);
  int unlink(const char* path);
  int rename(const char* from, const char* to, unsigned flags);
  int create(const char* path, mode_t mode, int flags, OpenFile*& opened);
  // --- Data.
  int open_file(const char* path, int flags, OpenFile*& opened);
  int write(const OpenFile& file, const char* data, std::size_t size, off_t offset);
  int truncate(const char* path, const OpenFile* file, off_t size);
  int fallocate(const OpenFile& file, int mode, off_t offset, off_t length);
  int fsync(const OpenFile& file, bool only_data);
  int open_directory(const char* path, OpenFile*& opened);
  int fsync_directory(const OpenFile& directory);

  void release(const OpenFile* file);

  int root() const { return root_.get(); }

 private:
  FileSystem(sandbox::Fd root, sandbox::Fd stash, Profile profile)
      : root_(std::move(root)), stash_(std::move(stash)), undo_(profile), profile_(profile) {}

  std::uint64_t now();             // Of the undo log.
  std::string fresh_stash_name();  // Requires: mutex_ is held, as by those below.
  OpenFile* keep(OpenFile file);
  ino_t parent_of(const std::string& path) const;
  void created(const std::string& path, int remove_flags);
  void forget_stashed(const std::string& name) const;
  int write_recorded(const OpenFile& file, const char* data, std::size_t size, off_t offset);

  const sandbox::Fd root_;
  const sandbox::Fd stash_;
  Troubles troubles_;
  std::mutex mutex_;  // Of what follows, and from reading what a change overwrites to the change.
  UndoLog undo_;
  OpenFiles files_;
  // What the kernel has handles of; their release comes late, or never after a power cut.
  std::map<const OpenFile*, std::unique_ptr<OpenFile>> handles_;
  std::uint64_t stashed_ = 0;
  const Profile profile_;
};

// "wal/1" for "/wal/1", "." for "/".
const char* below(const char* path);

}  // namespace check::faultfs
