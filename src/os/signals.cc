// SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

#include <sys/signalfd.h>

#include <csignal>

#include "os/error.h"

namespace os {

base::Result<Fd> catch_stop_signals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  if (sigaction(SIGPIPE, &ignore, nullptr) != 0) return system_error("ignore SIGPIPE");
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  if (sigprocmask(SIG_BLOCK, &stops, nullptr) != 0) return system_error("block SIGTERM");
  Fd fd(signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.is_open()) return system_error("create a signal descriptor");
  return fd;
}

}  // namespace os
