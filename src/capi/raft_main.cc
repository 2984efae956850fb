// SPDX-License-Identifier: Apache-2.0
// raft_main(), whose callbacks the program defines; one that calls only raft_main_opts() need not.
#include <seaworthy/raft.h>

#pragma weak apply_command
#pragma weak resolve_read

int raft_main(enum raft_mode mode, unsigned id, const char* config, const char* persist,
              int client_fd) {
  raft_options options{};
  options.struct_size = sizeof options;
  options.mode = mode;
  options.id = id;
  options.config = config;
  options.persist = persist;
  options.client_fd = client_fd;
  options.read_fd = options.write_fd = options.listen_fd = -1;
  options.apply = apply_command;
  options.resolve = resolve_read;
  return raft_main_opts(&options);
}
