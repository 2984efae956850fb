// SPDX-License-Identifier: Apache-2.0
// A node's data directory, to be looked at: reads come from the files, and what is written, renamed
// or removed is so in memory only. So the journal's own recovery shows what a node would find
// there, and nothing in the directory changes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "io/disk.h"
#include "os/fd.h"

namespace offline {

class ScratchFile;

class ScratchDisk final : public io::Disk {
 public:
  // Unavailable: a process uses the directory. NotFound: there is none.
  static base::Result<std::unique_ptr<ScratchDisk>> over(const std::string& path);

  base::Result<std::vector<std::string>> list() override;
  base::Result<std::unique_ptr<io::File>> create(const std::string& name) override;
  base::Result<std::unique_ptr<io::MappedFile>> map(const std::string& name) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& name) override;
  base::Status sync_directory() override { return base::Done{}; }
  base::Result<std::unique_ptr<io::File>> open(const std::string& name) override;

 private:
  ScratchDisk() = default;

  os::Fd lock_;  // Shared: nobody starts a node meanwhile.
  std::map<std::string, std::shared_ptr<ScratchFile>> files_;
};

}  // namespace offline
