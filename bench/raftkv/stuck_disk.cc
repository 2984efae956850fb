// SPDX-License-Identifier: Apache-2.0
// A disk that is stuck, for a program that is loaded with this (LD_PRELOAD): while the file
// $STUCK_DISK.PID exists, calls that write to files or sync them do not begin. The program sees
// what it would see of a disk that stopped answering: calls that do not return.
#include <dlfcn.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

void wait_while_stuck() {
  static const char* const kName = std::getenv("STUCK_DISK");
  if (kName == nullptr) return;
  static const std::string kFile = std::string(kName) + "." + std::to_string(getpid());
  while (access(kFile.c_str(), F_OK) == 0) usleep(1000);
}

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fdatasync(int fd) {
  static const auto kReal = real<int (*)(int)>("fdatasync");
  wait_while_stuck();
  return kReal(fd);
}

int fsync(int fd) {
  static const auto kReal = real<int (*)(int)>("fsync");
  wait_while_stuck();
  return kReal(fd);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  static const auto kReal = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  wait_while_stuck();
  return kReal(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  static const auto kReal = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  wait_while_stuck();
  return kReal(fd, bytes, count, offset);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  static const auto kReal = real<ssize_t (*)(int, const iovec*, int, off_t)>("pwritev");
  wait_while_stuck();
  return kReal(fd, parts, count, offset);
}

ssize_t pwritev2(int fd, const iovec* parts, int count, off_t offset, int flags) {
  static const auto kReal = real<ssize_t (*)(int, const iovec*, int, off_t, int)>("pwritev2");
  wait_while_stuck();
  return kReal(fd, parts, count, offset, flags);
}

int msync(void* address, size_t count, int flags) {
  static const auto kReal = real<int (*)(void*, size_t, int)>("msync");
  wait_while_stuck();
  return kReal(address, count, flags);
}

}  // extern "C"
