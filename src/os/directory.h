// SPDX-License-Identifier: Apache-2.0
// io::Disk on a directory of the real file system, for one process at a time.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/disk.h"
#include "os/fd.h"

namespace os {

// Holds a lock on the file LOCK inside for as long as it lives; list() does not show that file.
class Directory final : public io::Disk {
 public:
  // Creates the directory if it is missing. Unavailable: another process holds the lock.
  static base::Result<std::unique_ptr<Directory>> lock(const std::string& path);

  base::Result<std::vector<std::string>> list() override;
  base::Result<std::unique_ptr<io::File>> open(const std::string& name) override;
  base::Result<std::unique_ptr<io::File>> create(const std::string& name) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& name) override;
  base::Status sync_directory() override;

 private:
  base::Result<std::unique_ptr<io::File>> open_file(const std::string& name, int flags);
  Directory(std::string path, Fd directory, Fd lock)
      : path_(std::move(path)), directory_(std::move(directory)), lock_(std::move(lock)) {}

  std::string path_;
  Fd directory_;
  Fd lock_;
};

}  // namespace os
