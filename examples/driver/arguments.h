/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of driver and, with DRIVER_FLAKY defined, of driver-flaky. */
#ifndef DRIVER_ARGUMENTS_H
#define DRIVER_ARGUMENTS_H

#include <seaworthy/raft.h>
#include <stdint.h>

enum { EXIT_USAGE = 3 };

struct arguments {
  struct raft_options options;
  struct raft_unreliable unreliable;
  uint64_t seed;
  int exit_code; /* If there is nothing to do but to exit. */
};

/* 0: exit with `exit_code`; what was to be said is said. */
int read_arguments(int argc, char** argv, struct arguments* arguments);

#endif
