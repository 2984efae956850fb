// SPDX-License-Identifier: Apache-2.0
#include "check/trap/listener.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace check::trap {

namespace {

// Linux 6.6; older headers lack it.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, __u64);
constexpr unsigned long kSyncWakeUp = 1;

std::size_t notification_bytes() {
  seccomp_notif_sizes sizes{};
  ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
  return std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif));
}

}  // namespace

Listener::Listener(sandbox::Fd fd) : fd_(std::move(fd)), buffer_(notification_bytes() / 8 + 1) {
  ::ioctl(fd_.get(), kSetFlags, kSyncWakeUp);
}

std::optional<seccomp_notif> Listener::receive() {
  std::ranges::fill(buffer_, 0);  // The kernel insists.
  if (::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, buffer_.data()) != 0) return std::nullopt;
  seccomp_notif call{};
  std::memcpy(&call, buffer_.data(), sizeof call);
  return call;
}

bool Listener::waits(std::uint64_t id) const {
  return ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void Listener::send(const seccomp_notif_resp& answer) const {
  ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

void Listener::let_pass(std::uint64_t id) const {
  send({.id = id, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
}

void Listener::fail(std::uint64_t id, int error) const {
  send({.id = id, .val = 0, .error = -error, .flags = 0});
}

void Listener::succeed(std::uint64_t id, std::int64_t value) const {
  send({.id = id, .val = value, .error = 0, .flags = 0});
}

}  // namespace check::trap
