// SPDX-License-Identifier: Apache-2.0
// A node's data directory on a disk that fails on demand.
//
//   checker's view:   nodes/2/data         the files themselves, on the real disk
//   node's view:      nodes/2/data         the same, through FUSE: a mount of the node alone
//
//   cut_power   unsynced writes are gone, or the last one is torn
//   trouble     full, broken, slow
//   flip_bit    one bit of a file
//
// docs/sandbox.md, "Disks".
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "check/faultfs/file_system.h"
#include "check/faultfs/mount.h"
#include "check/sandbox/sandbox.h"

namespace check::faultfs {

// Whether a host of this sandbox can have such a disk; tried on the clients' host. The error says
// what is missing.
base::Status probe(sandbox::Sandbox& sandbox);

// Any thread. To be destroyed when nothing runs on the node any more, and before the sandbox.
class FaultyDisk {
 public:
  // `directory` exists, for the checker and the node alike. `stash`, a name on the same file system
  // that does not exist, is a folder while the object lives; what was removed is kept in there
  // until that is durable. Requires: nothing runs on the node.
  static base::Result<std::unique_ptr<FaultyDisk>> make(sandbox::Sandbox& sandbox,
                                                        history::NodeId node,
                                                        const std::string& directory,
                                                        const std::string& stash,
                                                        Profile profile = Profile::Ext4Like);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // What the disk holds after the power failed just now; programs started from now on find that.
  // Requires: nothing runs on the node.
  base::Result<Loss> cut_power(Cut cut);

  // From now on, and until set again; the node may run.
  void set(const Trouble& trouble);
  Suffered suffered() const;

  // Requires: nothing runs on the node since the last cut, or the file is not in use.
  base::Status flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);

 private:
  FaultyDisk(sandbox::Sandbox& sandbox, history::NodeId node, std::string directory,
             std::string stash);

  sandbox::Sandbox& sandbox_;
  const history::NodeId node_;
  const std::string directory_;
  const std::string stash_;
  std::mutex mutex_;  // Of the mount.
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<Mount> mount_;
};

}  // namespace check::faultfs
