// SPDX-License-Identifier: Apache-2.0
#include "check/trap/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace check::trap {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "which AUDIT_ARCH_... is this machine?"
#endif

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter answer(std::uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }
// The next instruction if equal, else the one after it.
sock_filter skip_unless(std::uint32_t value) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
}

}  // namespace

std::vector<sock_filter> filter_for(const Calls& calls) {
  std::vector<sock_filter> filter{
      load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      answer(SECCOMP_RET_ALLOW),
      load(offsetof(seccomp_data, nr)),
  };
  for (const Call call : calls) {
    filter.push_back(skip_unless(static_cast<std::uint32_t>(number(call))));
    filter.push_back(answer(SECCOMP_RET_USER_NOTIF));
  }
  filter.push_back(skip_unless(SYS_io_uring_setup));
  filter.push_back(answer(SECCOMP_RET_ERRNO | ENOSYS));
  filter.push_back(answer(SECCOMP_RET_ALLOW));
  return filter;
}

}  // namespace check::trap
