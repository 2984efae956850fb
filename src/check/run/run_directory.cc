// SPDX-License-Identifier: Apache-2.0
#include "check/run/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

namespace check::run {

namespace fs = std::filesystem;

namespace {

base::Error failed(const std::string& what, const std::string& path, int reason) {
  return {base::ErrorCode::Io, fmt::format("cannot {} {}: {}", what, path, std::strerror(reason))};
}

base::Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return base::Done{};
}

}  // namespace

base::Result<RunDirectory> RunDirectory::create(const std::string& path, std::uint32_t nodes) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (fs::exists(absolute, error) && !fs::is_empty(absolute, error)) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("the folder {} holds something already; give another --out",
                                   absolute.string())};
  }
  RunDirectory directory(absolute.string());
  for (std::uint32_t k = 1; k <= nodes; ++k) {
    fs::create_directories(directory.data_directory({k}), error);
    if (error) return failed("make the folder", directory.data_directory({k}), error.value());
  }
  fs::create_directories(absolute, error);
  if (error) return failed("make the folder", absolute.string(), error.value());
  return directory;
}

base::Result<RunDirectory> RunDirectory::open(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!fs::is_directory(absolute, error)) {
    return base::Error{base::ErrorCode::NotFound,
                       fmt::format("{} is not a folder", absolute.string())};
  }
  return RunDirectory(absolute.string());
}

std::string RunDirectory::node_directory(history::NodeId node) const {
  return fmt::format("{}/nodes/{}", path_, node.value);
}
std::string RunDirectory::data_directory(history::NodeId node) const {
  return node_directory(node) + "/data";
}
std::string RunDirectory::output_file(history::NodeId node) const {
  return node_directory(node) + "/output.log";
}

base::Status RunDirectory::write(const std::string& name, const std::string& content) const {
  return replace_file(file(name), content);
}

base::Result<std::string> RunDirectory::read(const std::string& name) const {
  return read_file(file(name));
}

void RunDirectory::remove(const std::string& name) const {
  std::error_code error;
  fs::remove(file(name), error);
}

void RunDirectory::remove_data(history::NodeId node) const {
  std::error_code error;  // What stays takes space, and does no harm.
  fs::remove_all(data_directory(node), error);
}

bool RunDirectory::has(const std::string& name) const {
  std::error_code error;
  return fs::exists(file(name), error);
}

std::string default_path(const std::string& target, std::uint64_t seed) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char stamp[32];
  const std::size_t length = std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
  std::string name = fs::path(target).lexically_normal().string();
  // A path or "broken/stale-read" becomes one name.
  std::ranges::replace(name, '/', '-');
  return fmt::format("runs/{}-{}-{}", std::string_view(stamp, length), name, seed);
}

base::Status link_latest(const RunDirectory& directory) {
  const fs::path path(directory.path());
  const fs::path link = path.parent_path() / "latest";
  // A directory has one name; processes in sandboxes of their own may have the same number.
  const fs::path fresh = path.parent_path() / fmt::format(".latest.{}", path.filename().string());
  std::error_code error;
  fs::remove(fresh, error);
  fs::create_symlink(path.filename(), fresh, error);
  if (error) return failed("make the link", fresh.string(), error.value());
  fs::rename(fresh, link, error);
  if (error) return failed("make the link", link.string(), error.value());
  return base::Done{};
}

base::Status replace_file(const std::string& path, const std::string& content) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed("create", fresh, errno);
  base::Status written = write_all(fd, content, fresh);
  ::close(fd);
  if (!written.ok()) return written;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("rename", fresh, errno);
  return base::Done{};
}

base::Result<std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open", path, errno);
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int reason = errno;
      ::close(fd);
      return failed("read", path, reason);
    }
    if (count == 0) break;
    content.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return content;
}

}  // namespace check::run
