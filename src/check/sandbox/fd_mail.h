// SPDX-License-Identifier: Apache-2.0
// A descriptor sent from one process to another, or from a process to a later moment of its parent.
#pragma once

#include "base/result.h"
#include "check/sandbox/fd.h"

namespace check::sandbox {

struct FdMail {
  Fd here;
  Fd there;
};
base::Result<FdMail> make_fd_mail();

// False, with errno, if it cannot. System calls only: for use between clone(2) and execve(2).
bool send_fd(int socket, int descriptor);
// Not open if none has been sent.
Fd receive_fd(int socket);

}  // namespace check::sandbox
