// SPDX-License-Identifier: Apache-2.0
// Loaded before a program's own libraries (LD_PRELOAD): one of its calls to write, sync or read a
// file fails with EIO, as on a disk with a bad spot.
//
//   FAIL_CALL=write|sync|read   which kind of call; of reads, those of snapshots
//   FAIL_AT=k              the k-th of them; those after it succeed, as disks have been seen to do
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

bool fails(const char* kind) {
  static std::atomic<long> calls{0};
  static const char* const wanted = std::getenv("FAIL_CALL");
  static const char* const place = std::getenv("FAIL_AT");
  if (wanted == nullptr || place == nullptr || std::strcmp(kind, wanted) != 0) return false;
  if (++calls != std::atol(place)) return false;
  errno = EIO;
  return true;
}

bool is_snapshot(int fd) {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<std::size_t>(size)).ends_with(".snapshot");
}

template <class Call>
Call* next(const char* name) {
  return reinterpret_cast<Call*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fdatasync(int fd) { return fails("sync") ? -1 : next<int(int)>("fdatasync")(fd); }

int fsync(int fd) { return fails("sync") ? -1 : next<int(int)>("fsync")(fd); }

int msync(void* begin, size_t size, int flags) {
  return fails("sync") ? -1 : next<int(void*, size_t, int)>("msync")(begin, size, flags);
}

ssize_t pread(int fd, void* into, size_t size, off_t at) {
  using Call = ssize_t(int, void*, size_t, off_t);
  return is_snapshot(fd) && fails("read") ? -1 : next<Call>("pread")(fd, into, size, at);
}

ssize_t pread64(int fd, void* into, size_t size, off64_t at) {
  using Call = ssize_t(int, void*, size_t, off64_t);
  return is_snapshot(fd) && fails("read") ? -1 : next<Call>("pread64")(fd, into, size, at);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  using Call = ssize_t(int, const void*, size_t, off_t);
  return fails("write") ? -1 : next<Call>("pwrite")(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  using Call = ssize_t(int, const void*, size_t, off64_t);
  return fails("write") ? -1 : next<Call>("pwrite64")(fd, bytes, size, at);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t at) {
  using Call = ssize_t(int, const iovec*, int, off_t);
  return fails("write") ? -1 : next<Call>("pwritev")(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t at) {
  using Call = ssize_t(int, const iovec*, int, off64_t);
  return fails("write") ? -1 : next<Call>("pwritev64")(fd, parts, count, at);
}
}
