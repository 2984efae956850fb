// SPDX-License-Identifier: Apache-2.0
#include "check/run/append_line.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace check::run {

base::Result<int> create_line_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    return base::Error{base::ErrorCode::Io,
                       fmt::format("cannot create {}: {}", path, std::strerror(errno))};
  }
  return fd;
}

base::Status append_lines(int fd, std::string_view lines, const std::string& path) {
  while (!lines.empty()) {
    const ssize_t count = ::write(fd, lines.data(), lines.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return base::Error{base::ErrorCode::Io,
                         fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    }
    lines.remove_prefix(static_cast<std::size_t>(count));
  }
  return base::Done{};
}

}  // namespace check::run
