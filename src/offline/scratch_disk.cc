// SPDX-License-Identifier: Apache-2.0
#include "offline/scratch_disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "os/error.h"

namespace offline {

// The bytes of a file: the first `base_` of those on the disk, but for the pages that were changed.
class ScratchFile {
 public:
  ScratchFile() = default;
  ScratchFile(os::Fd fd, std::uint64_t size, std::string path)
      : fd_(std::move(fd)), base_(size), size_(size), path_(std::move(path)) {}

  std::uint64_t size() const { return size_; }

  base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const {
    std::size_t done = 0;
    while (done < into.size() && offset + done < size_) {
      const std::uint64_t at = offset + done;
      const std::uint64_t within = at % kPageBytes;
      const std::uint64_t most = std::min(kPageBytes - within, size_ - at);
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(most, into.size() - done));
      if (const auto page = pages_.find(at / kPageBytes); page != pages_.end()) {
        std::ranges::copy(page->second.substr(within, count),
                          into.begin() + static_cast<std::ptrdiff_t>(done));
      } else {
        TRY([[maybe_unused]] const base::Done read, read_base(at, into.subspan(done, count)));
      }
      done += count;
    }
    return done;
  }

  base::Status write(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t number = offset / kPageBytes;
      const std::uint64_t within = offset % kPageBytes;
      const std::size_t count = std::min<std::size_t>(kPageBytes - within, bytes.size());
      auto page = pages_.find(number);
      if (page == pages_.end()) {
        std::string content(kPageBytes, '\0');
        TRY([[maybe_unused]] const base::Done read, read_base(number * kPageBytes, content));
        page = pages_.emplace(number, std::move(content)).first;
      }
      page->second.replace(within, count, bytes.substr(0, count));
      bytes.remove_prefix(count);
      offset += count;
      size_ = std::max(size_, offset);
    }
    return base::Done{};
  }

  // The new bytes are zeros.
  base::Status grow(std::uint64_t size) {
    size_ = std::max(size_, size);
    return base::Done{};
  }

  // What grows again is zeros.
  base::Status truncate(std::uint64_t size) {
    if (size < size_ && size % kPageBytes != 0) {
      const std::string zeros(kPageBytes - size % kPageBytes, '\0');
      const std::uint64_t before = size_;
      TRY([[maybe_unused]] const base::Done cut, write(size, zeros));
      size_ = before;
    }
    pages_.erase(pages_.lower_bound((size + kPageBytes - 1) / kPageBytes), pages_.end());
    base_ = std::min(base_, size);
    size_ = size;
    return base::Done{};
  }

 private:
  static constexpr std::uint64_t kPageBytes = 4096;

  // Zeros behind `base_`.
  base::Status read_base(std::uint64_t offset, std::span<char> into) const {
    std::ranges::fill(into, '\0');
    std::size_t done = 0;
    while (done < into.size() && offset + done < base_) {
      const std::uint64_t most = std::min<std::uint64_t>(into.size() - done, base_ - offset - done);
      const ssize_t count = pread(fd_.number(), into.data() + done, static_cast<std::size_t>(most),
                                  static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os::system_error("read " + path_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return base::Done{};
  }

  os::Fd fd_;
  std::uint64_t base_ = 0;
  std::uint64_t size_ = 0;
  std::string path_;
  std::map<std::uint64_t, std::string> pages_;
};

namespace {

class Handle final : public io::File {
 public:
  explicit Handle(std::shared_ptr<ScratchFile> file) : file_(std::move(file)) {}

  base::Result<std::uint64_t> size_bytes() override { return file_->size(); }
  base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    return file_->read(offset, into);
  }
  base::Status write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    for (const std::string_view part : parts) {
      TRY([[maybe_unused]] const base::Done written, file_->write(offset, part));
      offset += part.size();
    }
    return base::Done{};
  }
  base::Status truncate(std::uint64_t size_bytes) override { return file_->truncate(size_bytes); }
  base::Status sync() override { return base::Done{}; }

 private:
  std::shared_ptr<ScratchFile> file_;  // Also of those who opened it before or after.
};

class Mapped final : public io::MappedFile {
 public:
  explicit Mapped(std::shared_ptr<ScratchFile> file) : file_(std::move(file)) {}

  std::uint64_t size_bytes() const override { return file_->size(); }
  base::Status load(std::uint64_t offset, std::span<char> into) override {
    TRY([[maybe_unused]] const std::size_t count, file_->read(offset, into));
    return base::Done{};
  }
  base::Status store(std::uint64_t offset, std::string_view bytes) override {
    return file_->write(offset, bytes);
  }
  base::Status sync(std::uint64_t /*offset*/, std::uint64_t /*size_bytes*/) override {
    return base::Done{};
  }
  base::Status grow(std::uint64_t size_bytes) override { return file_->grow(size_bytes); }

 private:
  std::shared_ptr<ScratchFile> file_;
};

base::Error no_such(const std::string& name) {
  return {base::ErrorCode::NotFound, "there is no file " + name};
}

// Held while it lives; nothing if nobody ever ran a node there.
base::Result<os::Fd> lock(const std::string& path) {
  const std::string name = path + "/LOCK";
  os::Fd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open())
    return errno == ENOENT ? base::Result<os::Fd>(os::Fd()) : os::system_error("open " + name);
  if (flock(fd.number(), LOCK_SH | LOCK_NB) == 0) return fd;
  return base::Error{base::ErrorCode::Unavailable,
                     path + " is in use by a process: stop it first, or copy the directory"};
}

}  // namespace

base::Result<std::unique_ptr<ScratchDisk>> ScratchDisk::over(const std::string& path) {
  std::unique_ptr<ScratchDisk> disk(new ScratchDisk);
  std::error_code failure;
  std::filesystem::directory_iterator entry(path, failure);
  if (failure) return os::system_error("open the directory " + path, failure.value());
  TRY(disk->lock_, lock(path));
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (name == "LOCK") continue;
    const std::string whole = path + "/" + name;
    os::Fd fd(::open(whole.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!fd.is_open() || fstat(fd.number(), &status) != 0) return os::system_error("open " + whole);
    if (!S_ISREG(status.st_mode)) continue;
    disk->files_.emplace(
        name, std::make_shared<ScratchFile>(std::move(fd),
                                            static_cast<std::uint64_t>(status.st_size), whole));
  }
  if (failure) return os::system_error("list the directory " + path, failure.value());
  return disk;
}

base::Result<std::vector<std::string>> ScratchDisk::list() {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

base::Result<std::unique_ptr<io::File>> ScratchDisk::open(const std::string& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return no_such(name);
  return std::unique_ptr<io::File>(std::make_unique<Handle>(found->second));
}

base::Result<std::unique_ptr<io::File>> ScratchDisk::create(const std::string& name) {
  const auto [at, fresh] = files_.emplace(name, std::make_shared<ScratchFile>());
  if (!fresh) return base::Error{base::ErrorCode::Io, "there is a file " + name + " already"};
  return std::unique_ptr<io::File>(std::make_unique<Handle>(at->second));
}

base::Result<std::unique_ptr<io::MappedFile>> ScratchDisk::map(const std::string& name) {
  const auto [at, fresh] = files_.emplace(name, nullptr);
  if (fresh) at->second = std::make_shared<ScratchFile>();
  return std::unique_ptr<io::MappedFile>(std::make_unique<Mapped>(at->second));
}

base::Status ScratchDisk::rename(const std::string& from, const std::string& to) {
  auto node = files_.extract(from);
  if (node.empty()) return no_such(from);
  files_.insert_or_assign(to, std::move(node.mapped()));
  return base::Done{};
}

base::Status ScratchDisk::remove(const std::string& name) {
  if (files_.erase(name) == 0) return no_such(name);
  return base::Done{};
}

}  // namespace offline
