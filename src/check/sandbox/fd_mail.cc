// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/fd_mail.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>

namespace check::sandbox {

namespace {

// One byte, as a message may not be empty, and room for one descriptor.
struct Letter {
  char byte = 0;
  iovec content{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{nullptr, 0, &content, 1, control.data(), control.size(), 0};
};

}  // namespace

base::Result<FdMail> make_fd_mail() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error("cannot make a pair of sockets");
  }
  return FdMail{Fd(ends[0]), Fd(ends[1])};
}

bool send_fd(int socket, int descriptor) {
  Letter letter;
  cmsghdr* enclosed = CMSG_FIRSTHDR(&letter.header);
  enclosed->cmsg_level = SOL_SOCKET;
  enclosed->cmsg_type = SCM_RIGHTS;
  enclosed->cmsg_len = CMSG_LEN(sizeof(int));
  *reinterpret_cast<int*>(CMSG_DATA(enclosed)) = descriptor;
  return ::syscall(SYS_sendmsg, socket, &letter.header, 0) == 1;
}

Fd receive_fd(int socket) {
  Letter letter;
  if (::recvmsg(socket, &letter.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1) return {};
  const cmsghdr* enclosed = CMSG_FIRSTHDR(&letter.header);
  if (enclosed == nullptr || enclosed->cmsg_type != SCM_RIGHTS) return {};
  return Fd(*reinterpret_cast<const int*>(CMSG_DATA(enclosed)));
}

}  // namespace check::sandbox
