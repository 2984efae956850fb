// SPDX-License-Identifier: Apache-2.0
#include "check/run/interrupts.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace check::run {

namespace {

sigset_t interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

std::string name_of(int signal) { return signal == SIGINT ? "Ctrl-C" : "SIGTERM"; }

int next_interrupt() {
  const sigset_t signals = interrupts();
  int signal = 0;
  (void)sigwait(&signals, &signal);
  return signal;
}

}  // namespace

void hold_interrupts() {
  const sigset_t signals = interrupts();
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

std::string held_interrupt() {
  sigset_t pending;
  sigemptyset(&pending);
  (void)sigpending(&pending);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (sigismember(&pending, signal) == 1) return name_of(signal);
  }
  return {};
}

void listen_for_interrupts(const std::shared_ptr<faults::Stop>& stop) {
  // The thread may outlive everything but the process, so it shares what it tells.
  std::thread([stop] {
    stop->request(name_of(next_interrupt()));
    (void)next_interrupt();
    _exit(kExitAbandoned);
  }).detach();
}

}  // namespace check::run
