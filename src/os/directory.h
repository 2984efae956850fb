// SPDX-License-Identifier: Apache-2.0
// io::Disk on a directory of the real file system, for one process at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "os/background.h"
#include "os/fd.h"

namespace os {

// Holds a lock on a file inside, LOCK unless it is told another name, for as long as it lives;
// list() does not show that file.
class Directory final : public io::Disk {
 public:
  // Creates the directory if it is missing. Unavailable: another process holds the lock.
  static base::Result<std::unique_ptr<Directory>> lock(const std::string& path,
                                                       const std::string& lock_name = "LOCK");

  // Called after each sync of a file, with the time that it took; on the thread that asked for it.
  using OnSync = std::function<void(std::chrono::nanoseconds)>;
  void watch_syncs(OnSync on_sync) { on_sync_ = std::move(on_sync); }

  // From now on what is called "meanwhile" (io/disk.h) is done by a thread.
  void use_thread() { background_ = std::make_unique<Background>(); }

  // What the directory takes of the disk, for figures. A file that vanishes meanwhile is left out.
  struct FileFacts {
    std::string name;
    std::uint64_t size_bytes = 0;
    std::chrono::seconds age{0};  // Since it was last written to.
  };
  std::vector<FileFacts> files() const;

  base::Result<std::vector<std::string>> list() override;
  base::Result<std::unique_ptr<io::File>> open(const std::string& name) override;
  base::Result<std::unique_ptr<io::File>> create(const std::string& name) override;
  base::Result<std::unique_ptr<io::MappedFile>> map(const std::string& name) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& name) override;
  base::Status sync_directory() override;
  base::Result<bool> sync_directory_meanwhile() override;
  base::Status remove_meanwhile(const std::string& name) override;

 private:
  base::Result<std::unique_ptr<io::File>> open_file(const std::string& name, int flags);
  Directory(std::string path, std::string lock_name, Fd directory, Fd lock)
      : path_(std::move(path)),
        lock_name_(std::move(lock_name)),
        directory_(std::move(directory)),
        lock_(std::move(lock)) {}

  std::string path_;
  std::string lock_name_;
  OnSync on_sync_;
  Fd directory_;
  Fd lock_;
  std::shared_ptr<const Background::Job> syncing_;  // Of the directory.
  bool names_changed_ = false;                      // Since that was begun.
  std::unique_ptr<Background> background_;          // Null: nothing is done by a thread.
};

}  // namespace os
