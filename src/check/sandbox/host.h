// SPDX-License-Identifier: Apache-2.0
// One host: network, mounts, processes and name of its own, held by a small init process that reaps
// what is orphaned there and sends signals to everything but itself.
//
//   checker --- control socket ---> init (pid 1 of the host) --- kill(-1, signal) ---> all others
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/sandbox/fd.h"

namespace check::sandbox {

// What /proc says of a process of a host.
struct ProcessState {
  pid_t pid = 0;              // As the host numbers it.
  std::string thread_states;  // One letter a thread, as proc(5): R S D T t Z X I.
};

class Host {
 public:
  // Makes the namespaces; the init in them goes on by itself until ready() has returned.
  static base::Result<Host> begin(const std::string& name);
  base::Status ready();

  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  Host(Host&&) = default;
  Host& operator=(Host&&) = delete;
  // Ends every process of the host. Whoever started programs here reaps them before.
  ~Host();

  void kill() const;  // Begins its end; the destructor waits for it.

  const std::string& name() const { return name_; }
  int init_pidfd() const { return init_.get(); }  // For setns(2).
  int network() const { return network_.get(); }

  // Sends `signal` to every process of the host but its init, also to those that are just forking:
  // the kernel does it as one step. Not for use by two threads at once.
  base::Status signal_all(int signal);
  // Every process of the host but its init.
  base::Result<std::vector<ProcessState>> processes() const;

 private:
  Host() = default;
  base::Result<int> answer(std::uint32_t serial);

  std::string name_;
  pid_t pid_ = -1;
  std::uint32_t serial_ = 0;  // Of the last order sent to the init.
  Fd init_;
  Fd control_;
  Fd network_;
  Fd proc_;  // The host's own /proc.
};

}  // namespace check::sandbox
