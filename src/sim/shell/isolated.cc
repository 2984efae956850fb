// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/isolated.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sim::shell {

namespace {

base::Error failed(const char* what) {
  return {base::ErrorCode::Io, std::string(what) + ": " + std::strerror(errno)};
}

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(to, text.data(), text.size());
    if (count <= 0) _exit(1);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

// At its end, `from` becomes -1, which poll() leaves alone.
void hear(pollfd& from, std::string& into) {
  if (from.revents == 0) return;
  std::array<char, 65'536> bytes{};
  const ssize_t count = read(from.fd, bytes.data(), bytes.size());
  if (count > 0) {
    into.append(bytes.data(), static_cast<std::size_t>(count));
  } else {
    close(from.fd);
    from.fd = -1;
  }
}

}  // namespace

base::Result<Isolated> run_isolated(const std::function<void(const Write& write)>& work,
                                    unsigned limit_s) {
  std::array<int, 2> output{};
  std::array<int, 2> errors{};
  if (pipe(output.data()) != 0 || pipe(errors.data()) != 0) return failed("pipe");
  const pid_t pid = fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(limit_s);
    dup2(errors[1], STDERR_FILENO);
    work([&output](std::string_view text) { write_all(output[1], text); });
    _exit(0);
  }
  close(output[1]);
  close(errors[1]);
  Isolated result;
  std::array<pollfd, 2> polled = {{{output[0], POLLIN, 0}, {errors[0], POLLIN, 0}}};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    poll(polled.data(), polled.size(), -1);
    hear(polled[0], result.output);
    hear(polled[1], result.complaint);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  result.finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return result;
}

}  // namespace sim::shell
