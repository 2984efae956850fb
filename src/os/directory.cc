// SPDX-License-Identifier: Apache-2.0
#include "os/directory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "os/clock.h"
#include "os/error.h"
#include "os/mapping.h"

namespace os {
namespace {

constexpr std::size_t kPartsPerCall = 1024;  // IOV_MAX of Linux.
constexpr long kXfsMagic = 0x58465342;

// Writes past the cache are durable when they return (O_DIRECT|O_DSYNC): one system call in place
// of two, and half the processor time. Only where that is known to be so; not, say, on FUSE.
bool may_write_past_the_cache(int file) {
  struct statfs system {};
  if (fstatfs(file, &system) != 0) return false;
  return system.f_type == EXT4_SUPER_MAGIC || system.f_type == kXfsMagic;
}

class RealFile final : public io::File {
 public:
  RealFile(Fd fd, std::string path, const Directory::OnSync& on_sync,
           const std::unique_ptr<Background>& background)
      : fd_(std::move(fd)), path_(std::move(path)), on_sync_(on_sync), background_(background) {}

  base::Result<std::uint64_t> size_bytes() override {
    struct stat status {};
    if (fstat(fd_.number(), &status) != 0) return system_error("ask for the size of " + path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t count = pread(fd_.number(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error("read " + path_ + at(offset + done));
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  base::Status write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    std::vector<iovec> left;
    for (const std::string_view part : parts) {
      // iovec is shared with reads, hence not const; pwritev does not write to it.
      if (!part.empty()) left.push_back({const_cast<char*>(part.data()), part.size()});  // NOLINT
    }
    std::size_t first = 0;
    while (first < left.size()) {
      const std::size_t parts_now = std::min(left.size() - first, kPartsPerCall);
      const ssize_t count = pwritev(fd_.number(), left.data() + first, static_cast<int>(parts_now),
                                    static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return disk_error("write " + path_ + at(offset));
      offset += static_cast<std::uint64_t>(count);
      first = skip(left, first, static_cast<std::size_t>(count));
    }
    return base::Done{};
  }

  base::Status truncate(std::uint64_t size_bytes) override {
    if (ftruncate(fd_.number(), static_cast<off_t>(size_bytes)) != 0)
      return disk_error("truncate " + path_ + at(size_bytes));
    return base::Done{};
  }

  base::Status sync() override {
    const auto began = steady_now();
    if (fdatasync(fd_.number()) != 0) return disk_error("sync " + path_);
    if (on_sync_) on_sync_(steady_now() - began);
    return base::Done{};
  }

  base::Result<bool> sync_meanwhile() override {
    if (background_ == nullptr) return io::File::sync_meanwhile();
    if (syncing_ == nullptr) {
      // One of its own: this file may be closed before. Where there is none left, it is waited for.
      const auto fd = std::make_shared<Fd>(fcntl(fd_.number(), F_DUPFD_CLOEXEC, 0));
      if (!fd->is_open()) return io::File::sync_meanwhile();
      sync_began_ = steady_now();
      syncing_ = background_->start([fd] { return fdatasync(fd->number()) == 0 ? 0 : errno; });
    }
    if (!syncing_->is_over()) return false;
    const int failure = std::exchange(syncing_, nullptr)->failure();
    if (failure != 0) return disk_error("sync " + path_, failure);
    if (on_sync_) on_sync_(steady_now() - sync_began_);
    return true;
  }

  base::Status write_durably(std::uint64_t offset, std::string_view bytes) override {
    // NOLINTNEXTLINE: the address is looked at, not used.
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    const bool whole = (address | offset | bytes.size()) % io::kSectorBytes == 0;
    if (whole && has_direct()) {
      const auto began = steady_now();
      TRY(const bool done, write_direct(offset, bytes));
      if (done && on_sync_) on_sync_(steady_now() - began);
      if (done) return base::Done{};
      direct_ = Fd();  // The device wants larger blocks.
    }
    return io::File::write_durably(offset, bytes);
  }

  base::Result<bool> write_zeros_meanwhile(std::uint64_t offset, std::uint64_t bytes) override {
    if (background_ == nullptr) return io::File::write_zeros_meanwhile(offset, bytes);
    if (zeroing_ == nullptr) {
      // As above.
      static const Directory::OnSync kNobody;
      static const std::unique_ptr<Background> kNone;
      const auto file = std::make_shared<RealFile>(Fd(fcntl(fd_.number(), F_DUPFD_CLOEXEC, 0)),
                                                   path_, kNobody, kNone);
      if (!file->fd_.is_open()) return io::File::write_zeros_meanwhile(offset, bytes);
      zeroed_ = std::make_shared<base::Status>(base::Done{});
      zeroing_ = background_->start([file, zeroed = zeroed_, offset, bytes] {
        *zeroed = io::write_zeros(*file, offset, bytes);
        return 0;
      });
    }
    if (!zeroing_->is_over()) return false;
    zeroing_ = nullptr;
    TRY([[maybe_unused]] const base::Done zeroed, *zeroed_);
    return true;
  }

 private:
  bool has_direct() {
    if (!tried_direct_) {
      tried_direct_ = true;
      // The same file, whatever its name is by now.
      const std::string same = "/proc/self/fd/" + std::to_string(fd_.number());
      if (may_write_past_the_cache(fd_.number())) {
        direct_ = Fd(::open(same.c_str(), O_WRONLY | O_DIRECT | O_DSYNC | O_CLOEXEC));
      }
    }
    return direct_.is_open();
  }

  // False: not possible here, and nothing was written.
  base::Result<bool> write_direct(std::uint64_t offset, std::string_view bytes) {
    bool written = false;
    while (!bytes.empty()) {
      const ssize_t count =
          pwrite(direct_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EINVAL && !written) return false;
      if (count < 0) return disk_error("write " + path_ + at(offset));
      written = true;
      offset += static_cast<std::uint64_t>(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  static std::string at(std::uint64_t offset) { return " at byte " + std::to_string(offset); }

  // The first part that is not all written after `count` more bytes are; shortens that one.
  static std::size_t skip(std::vector<iovec>& parts, std::size_t first, std::size_t count) {
    while (first < parts.size() && count >= parts[first].iov_len) count -= parts[first++].iov_len;
    if (first < parts.size()) {
      parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + count;
      parts[first].iov_len -= count;
    }
    return first;
  }

  Fd fd_;
  Fd direct_;
  bool tried_direct_ = false;
  std::string path_;
  const Directory::OnSync& on_sync_;
  const std::unique_ptr<Background>& background_;
  std::shared_ptr<const Background::Job> syncing_;
  std::chrono::nanoseconds sync_began_{0};
  std::shared_ptr<const Background::Job> zeroing_;
  std::shared_ptr<base::Status> zeroed_;
};

std::filesystem::path whole_of(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

// Itself and those above it that are not there.
std::vector<std::filesystem::path> missing_of(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> missing;
  std::error_code error;
  for (auto at = whole_of(path); !std::filesystem::exists(at, error) && at.has_relative_path();
       at = at.parent_path()) {
    missing.push_back(at);
  }
  return missing;
}

bool may_read_parent(const std::filesystem::path& path) {
  return ::access(whole_of(path).parent_path().c_str(), R_OK) == 0;
}

// Of what has a name: a name that is not there is no failure of the disk.
base::Error name_error(const std::string& what) {
  base::Error error = system_error(what);
  if (errno == ENOENT) error.code = base::ErrorCode::NotFound;
  return error;
}

// A directory that was just made survives a crash only when its parent is synced, too.
base::Status sync_parent(const std::filesystem::path& path) {
  const std::string parent = whole_of(path).parent_path().string();
  const Fd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || fsync(fd.number()) != 0) return system_error("sync " + parent);
  return base::Done{};
}

}  // namespace

base::Result<std::unique_ptr<Directory>> Directory::lock(const std::string& path,
                                                         const std::string& lock_name) {
  const std::vector<std::filesystem::path> missing = missing_of(path);
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) return system_error("create the directory " + path, failure.value());
  for (const std::filesystem::path& made : missing) {
    TRY([[maybe_unused]] const auto synced, sync_parent(made));
  }
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return system_error("open the directory " + path);
  const std::string lock_path = path + "/" + lock_name;
  Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.is_open()) return system_error("open " + lock_path);
  if (flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock " + lock_path);
    return base::Error{base::ErrorCode::Unavailable,
                       "the data directory " + path +
                           " is in use by another process, which holds the lock on " + lock_path};
  }
  std::unique_ptr<Directory> disk(
      new Directory(path, lock_name, std::move(directory), std::move(lock)));
  TRY(const std::vector<std::string> names, disk->list());
  // Whoever made it may have died before its parent was synced.
  if (names.empty() && missing.empty() && may_read_parent(path)) {
    TRY([[maybe_unused]] const auto synced, sync_parent(path));
  }
  return disk;
}

base::Result<std::vector<std::string>> Directory::list() {
  std::vector<std::string> names;
  std::error_code failure;
  std::filesystem::directory_iterator entry(path_, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    std::string name = entry->path().filename().string();
    if (name != lock_name_) names.push_back(std::move(name));
    entry.increment(failure);
  }
  if (failure) return system_error("list the directory " + path_, failure.value());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Directory::FileFacts> Directory::files() const {
  std::vector<FileFacts> found;
  std::error_code failure;
  const timespec now = [] {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return time;
  }();
  std::filesystem::directory_iterator entry(path_, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    struct stat status {};
    const std::string name = entry->path().filename().string();
    if (fstatat(directory_.number(), name.c_str(), &status, 0) != 0) continue;
    const std::chrono::seconds age(std::max<time_t>(0, now.tv_sec - status.st_mtim.tv_sec));
    found.push_back({name, static_cast<std::uint64_t>(status.st_size), age});
  }
  return found;
}

base::Result<std::unique_ptr<io::File>> Directory::open_file(const std::string& name, int flags) {
  const std::string path = path_ + "/" + name;
  if ((flags & O_CREAT) != 0) names_changed_ = true;
  Fd fd(openat(directory_.number(), name.c_str(), O_RDWR | O_CLOEXEC | flags, 0644));
  if (!fd.is_open()) return name_error("open " + path);
  return std::unique_ptr<io::File>(
      std::make_unique<RealFile>(std::move(fd), path, on_sync_, background_));
}

base::Result<std::unique_ptr<io::File>> Directory::open(const std::string& name) {
  return open_file(name, 0);
}

base::Result<std::unique_ptr<io::File>> Directory::create(const std::string& name) {
  return open_file(name, O_CREAT | O_EXCL);
}

base::Result<std::unique_ptr<io::MappedFile>> Directory::map(const std::string& name) {
  const std::string path = path_ + "/" + name;
  Fd fd(openat(directory_.number(), name.c_str(), O_RDWR | O_CLOEXEC | O_CREAT, 0644));
  if (!fd.is_open()) return system_error("open " + path);
  return map_file(std::move(fd), path, &on_sync_);
}

base::Status Directory::rename(const std::string& from, const std::string& to) {
  names_changed_ = true;
  if (renameat(directory_.number(), from.c_str(), directory_.number(), to.c_str()) != 0)
    return name_error("rename " + path_ + "/" + from + " to " + to);
  return base::Done{};
}

base::Status Directory::remove(const std::string& name) {
  names_changed_ = true;
  if (unlinkat(directory_.number(), name.c_str(), 0) != 0)
    return name_error("remove " + path_ + "/" + name);
  return base::Done{};
}

base::Status Directory::sync_directory() {
  if (fsync(directory_.number()) != 0) return disk_error("sync the directory " + path_);
  return base::Done{};
}

// A sync that names have changed under is waited for all the same: its failure must not be lost. It
// has a descriptor of its own: sync_directory() hears of the same failure.
base::Result<bool> Directory::sync_directory_meanwhile() {
  if (background_ == nullptr) return io::Disk::sync_directory_meanwhile();
  while (true) {
    if (syncing_ == nullptr) {
      const auto fd =
          std::make_shared<Fd>(openat(directory_.number(), ".", O_DIRECTORY | O_CLOEXEC));
      if (!fd->is_open()) return io::Disk::sync_directory_meanwhile();
      names_changed_ = false;
      syncing_ = background_->start([fd] { return fsync(fd->number()) == 0 ? 0 : errno; });
    }
    if (!syncing_->is_over()) return false;
    const int failure = std::exchange(syncing_, nullptr)->failure();
    if (failure != 0) return disk_error("sync the directory " + path_, failure);
    if (!names_changed_) return true;
  }
}

base::Status Directory::remove_meanwhile(const std::string& name) {
  if (background_ == nullptr) return remove(name);
  background_->start(
      [fd = directory_.number(), name] { return unlinkat(fd, name.c_str(), 0) == 0 ? 0 : errno; });
  return base::Done{};
}

}  // namespace os
