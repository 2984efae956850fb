// SPDX-License-Identifier: Apache-2.0
// probe(): a child under a filter makes one sync; whether it comes here, and takes our answer.
#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/sandbox/fd_mail.h"
#include "check/trap/filter.h"
#include "check/trap/listener.h"
#include "check/trap/supervisor.h"

namespace check::trap {

namespace {

constexpr int kPatienceMs = 5000;
constexpr int kUnlikely = EXDEV;  // No sync fails like this by itself.
constexpr int kNoFilter = 200;    // Exit codes of the child above all errno.
constexpr int kNoMail = 201;

// Only system calls: the parent may have had threads.
[[noreturn]] void make_a_sync(const sock_fprog& filter, int socket) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(kNoFilter);
  const long listener =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
  if (listener < 0) ::_exit(errno == EBUSY ? EBUSY : kNoFilter);
  if (!sandbox::send_fd(socket, static_cast<int>(listener))) ::_exit(kNoMail);
  ::_exit(::syscall(SYS_fsync, -1) == 0 ? 0 : errno);
}

void answer_once(int socket) {
  pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, kPatienceMs) != 1) return;
  sandbox::Fd fd = sandbox::receive_fd(socket);
  if (!fd.open()) return;
  Listener listener(std::move(fd));
  ready.fd = listener.fd();
  if (::poll(&ready, 1, kPatienceMs) != 1) return;
  if (const auto call = listener.receive()) listener.fail(call->id, kUnlikely);
}

}  // namespace

base::Status probe() {
  const std::vector<sock_filter> code = filter_for({Call::Fsync});
  std::vector<sock_filter> copy = code;
  const sock_fprog filter{static_cast<unsigned short>(copy.size()), copy.data()};
  TRY(sandbox::FdMail mail, sandbox::make_fd_mail());
  const pid_t child = ::fork();
  if (child < 0) return sandbox::system_error("cannot make a process");
  if (child == 0) make_a_sync(filter, mail.there.get());
  mail.there.close();
  answer_once(mail.here.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kUnlikely) return base::Done{};
  const bool busy = WIFEXITED(status) && WEXITSTATUS(status) == EBUSY;
  return base::Error{base::ErrorCode::Unavailable,
                     std::string("system calls of a program cannot be trapped here: ") +
                         (busy ? "a seccomp filter with a listener is in force already, as some "
                                 "containers have it"
                               : "the kernel needs CONFIG_SECCOMP_FILTER and seccomp user "
                                 "notification (Linux 5.6)")};
}

}  // namespace check::trap
