// SPDX-License-Identifier: Apache-2.0
// The files behind the mount: one descriptor for each inode that is open or has unsynced data.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>

#include "check/faultfs/undo_log.h"

namespace check::faultfs {

// What the kernel's file handle stands for.
struct OpenFile {
  SharedFd file;
  ino_t inode = 0;
  bool each_write_syncs = false;  // O_SYNC, O_DSYNC
};

// Not safe for threads.
class OpenFiles {
 public:
  // `flags` as open(2) takes them; what is only of interest to the program (O_APPEND, O_DIRECT,
  // ...) is left out. Descriptors read and write wherever the file's mode lets them. 0, or errno.
  int open(int root, const char* path, int flags, mode_t mode, OpenFile& opened);

 private:
  std::map<ino_t, std::weak_ptr<const sandbox::Fd>> known_;
};

}  // namespace check::faultfs
