// SPDX-License-Identifier: Apache-2.0
// io::MappedFile by mmap(2). A page that the disk cannot give, or has no room for, raises SIGBUS:
// here that is an error of load() or store(), not the end of the process.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/mapped_file.h"
#include "os/directory.h"
#include "os/fd.h"

namespace os {

// Maps all of `file`. `path` is for messages. Installs a handler for SIGBUS when it is first
// called, which leaves to others what does not come from here. `on_sync`: of the Directory, which
// outlives the file; null: nobody wants to know.
base::Result<std::unique_ptr<io::MappedFile>> map_file(Fd file, std::string path,
                                                       const Directory::OnSync* on_sync = nullptr);

}  // namespace os
