// SPDX-License-Identifier: Apache-2.0
// What a power cut would take away: for each change that was not synced yet, how to take it back.
//
//   write A   write B   create C   [fsync A]   write A        power cut
//     #1        #2         #3       drops #1     #4           undone: #4, #3, #2
//
// Data are made durable by a sync of their file. Names (create, remove, rename) by a sync of the
// directory they are in; Profile::Ext4Like, as journalling file systems do, by a sync of anything.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "check/sandbox/fd.h"

namespace check::faultfs {

enum class Profile : std::uint8_t {
  Ext4Like,  // Any sync makes all earlier changes of names durable.
  Strict,    // As POSIX words it: only a sync of the directory does.
};

enum class Cut : std::uint8_t {
  LoseUnsynced,  // All that was not synced is gone.
  TearLast,      // All is there but the last write, of which whole sectors from its beginning are.
};

// What a power cut took away.
struct Loss {
  std::uint64_t writes = 0;
  std::uint64_t bytes = 0;       // In those writes.
  std::uint64_t names = 0;       // Created, removed or renamed.
  std::uint64_t torn_bytes = 0;  // Of the last write, that did not reach the disk.
  friend bool operator==(const Loss&, const Loss&) = default;
};

using SharedFd = std::shared_ptr<const sandbox::Fd>;

// Not safe for threads: its owner has one mutex for a change and its record.
class UndoLog {
 public:
  explicit UndoLog(Profile profile) : profile_(profile) {}
  ~UndoLog();
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  // To be called before `length` bytes from `offset` are written or cut off, or the file grows to
  // end there: keeps what is there, and the file's size. 0, or errno.
  int will_change(const SharedFd& file, off_t offset, std::size_t length);
  // After a change of names in a directory. `undo` takes it back; `forget` cleans up behind one
  // that has become durable; both may be empty.
  void changed_names(ino_t directory, std::function<void()> undo, std::function<void()> forget);

  // A moment between changes.
  std::uint64_t now() const { return next_ - 1; }
  // The file (or directory) was synced: what it had at `then` is durable.
  void synced_file(ino_t file, std::uint64_t then);
  void synced_directory(ino_t directory, std::uint64_t then);

  // The file's data reached the disk without anybody asking for it.
  void written_back(ino_t file) { make_durable(data_of_, file, now()); }

  Loss roll_back(Cut cut);
  std::size_t pending() const { return records_.size(); }

 private:
  struct Data {
    SharedFd file;
    off_t offset = 0;
    std::size_t length = 0;
    off_t old_size = 0;
    std::string old;
  };
  struct Record {
    ino_t inode = 0;  // Of the file whose data, or the directory whose names, it is about.
    bool is_name = false;
    Data data = {};
    std::function<void()> undo = {};
    std::function<void()> forget = {};
  };
  using Records = std::map<std::uint64_t, Record>;

  void add(Record record);
  void make_durable(Records::iterator record);
  void make_durable(std::map<ino_t, std::vector<std::uint64_t>>& index, ino_t inode,
                    std::uint64_t then);
  void make_names_durable(std::uint64_t then);
  static void restore(const Data& data, std::size_t kept);

  const Profile profile_;
  std::uint64_t next_ = 1;
  std::size_t bytes_ = 0;
  Records records_;
  std::map<ino_t, std::vector<std::uint64_t>> data_of_;  // Numbers of records, ascending.
  std::map<ino_t, std::vector<std::uint64_t>> names_in_;
};

}  // namespace check::faultfs
