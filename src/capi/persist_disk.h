// SPDX-License-Identifier: Apache-2.0
// The persistence file of a server of the C interface, and what lies beside it, as a disk.
//
//   PERSIST              the mapped log (docs/formats/mapped.md)
//   PERSIST.NAME         all else: snapshots, and the file that is locked
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "capi/setup.h"
#include "io/disk.h"

namespace capi {

class PersistDisk final : public io::Disk {
 public:
  // Fails for a fresh start on what exists, and for a recovery of what does not.
  static base::Result<std::unique_ptr<io::Disk>> open(const Setup& setup);

  base::Result<std::vector<std::string>> list() override;
  base::Result<std::unique_ptr<io::File>> open(const std::string& name) override;
  base::Result<std::unique_ptr<io::File>> create(const std::string& name) override;
  base::Result<std::unique_ptr<io::MappedFile>> map(const std::string& name) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& name) override;
  base::Status sync_directory() override { return directory_->sync_directory(); }

 private:
  PersistDisk(std::unique_ptr<io::Disk> directory, std::string file)
      : directory_(std::move(directory)), file_(std::move(file)) {}
  std::string place_of(const std::string& name) const;

  std::unique_ptr<io::Disk> directory_;
  std::string file_;
};

// `error` of opening what is there, with the paths of files in place of their names.
base::Error told(base::Error error, const std::string& persist);

}  // namespace capi
