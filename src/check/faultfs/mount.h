// SPDX-License-Identifier: Apache-2.0
// A FileSystem mounted over a directory of a node, served by threads of this process until the
// object is gone.
//
//   node: write(2) --> kernel --> /dev/fuse --> a thread here --> the directory behind the mount
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "check/faultfs/file_system.h"
#include "check/sandbox/sandbox.h"

struct fuse;

namespace check::faultfs {

class Mount {
 public:
  // `files` outlives the mount, `sandbox` too. The error says what the machine does not allow.
  static base::Result<std::unique_ptr<Mount>> over(sandbox::Sandbox& sandbox, history::NodeId node,
                                                   const std::string& directory, FileSystem& files);
  // Aborts what is under way (the node's calls fail), then unmounts. What the kernel held back of
  // mapped pages is lost.
  ~Mount();
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

 private:
  Mount(sandbox::Sandbox& sandbox, history::NodeId node, std::string directory);
  base::Status attach(FileSystem& files);
  void serve();

  sandbox::Sandbox& sandbox_;
  const history::NodeId node_;
  const std::string directory_;
  fuse* fuse_ = nullptr;
  int device_ = -1;  // /dev/fuse, of `fuse_`.
  bool mounted_ = false;
  sandbox::Fd end_;  // An eventfd: readable when the threads have to end.
  std::vector<std::thread> threads_;
};

}  // namespace check::faultfs
