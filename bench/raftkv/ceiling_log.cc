// SPDX-License-Identifier: Apache-2.0
#include "ceiling_log.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace ceiling {
namespace {

constexpr std::size_t kPrewrittenAtOnce = std::size_t{1} << 20;

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "ceiling: cannot {}: {}\n", what, std::generic_category().message(errno));
  std::exit(3);
}

bool is_written(const std::string& path, std::size_t bytes) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && status.st_size == static_cast<off_t>(bytes);
}

void write_all(const std::string& path, std::size_t bytes) {
  const os::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::string zeros(kPrewrittenAtOnce, '\0');
  for (std::size_t done = 0; done < bytes; done += kPrewrittenAtOnce) {
    const std::size_t count = std::min(kPrewrittenAtOnce, bytes - done);
    if (::write(file.number(), zeros.data(), count) != static_cast<ssize_t>(count)) {
      fail("write " + path);
    }
  }
  if (fsync(file.number()) != 0) fail("sync " + path);
}

std::size_t whole_blocks(std::size_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

}  // namespace

void Buffer::Free::operator()(char* bytes) const { std::free(bytes); }  // NOLINT: aligned_alloc's.

void Buffer::reserve_behind(std::size_t bytes) {
  if (whole_blocks(size_ + bytes) <= capacity_) return;
  const std::size_t capacity = std::max(2 * capacity_, whole_blocks(size_ + bytes));
  std::unique_ptr<char, Free> larger(static_cast<char*>(std::aligned_alloc(kBlock, capacity)));
  if (larger == nullptr) fail("get memory");
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  std::memset(larger.get() + size_, 0, capacity - size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

void Buffer::append(const void* bytes, std::size_t count) {
  reserve_behind(count);
  std::memcpy(bytes_.get() + size_, bytes, count);
  size_ += count;
}

void Buffer::consume(std::size_t bytes) {
  size_ -= bytes;
  if (size_ > 0) std::memmove(bytes_.get(), bytes_.get() + bytes, size_);
}

Log::Log(const std::string& path, std::size_t bytes) : bytes_(whole_blocks(bytes)) {
  if (!is_written(path, bytes_)) write_all(path, bytes_);
  file_ = os::Fd(::open(path.c_str(), O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC));
  if (!file_.is_open()) {
    fmt::print(stderr, "ceiling: no O_DIRECT for {}: fdatasync instead\n", path);
    direct_ = false;
    file_ = os::Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  }
  if (!file_.is_open()) fail("open " + path);
}

void Log::append(Buffer& buffer) {
  const std::size_t count = whole_blocks(buffer.size());
  if (count > bytes_) fail("append that much at once");
  if (end_ + count > bytes_) end_ = 0;
  std::size_t done = 0;
  while (done < count) {
    const ssize_t written =
        pwrite(file_.number(), buffer.data() + done, count - done, static_cast<off_t>(end_ + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("append");
    done += static_cast<std::size_t>(written);
  }
  if (!direct_ && fdatasync(file_.number()) != 0) fail("sync");
  end_ += count;
}

}  // namespace ceiling
