// SPDX-License-Identifier: Apache-2.0
#include <seaworthy/raft.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "capi/server.h"

namespace {

constexpr int kWrongUse = 3;
constexpr int kStorage = 4;

int complain(const base::Error& error) {
  std::fprintf(stderr, "raft: %s\n", error.message.c_str());
  const bool storage =
      error.code == base::ErrorCode::Corrupt || error.code == base::ErrorCode::Io ||
      error.code == base::ErrorCode::NotFound || error.code == base::ErrorCode::NoSpace;
  return storage ? kStorage : kWrongUse;
}

int run(const raft_options& options) {
  const base::Result<raft_options> whole = capi::whole_options(&options);
  if (!whole.ok()) return complain(whole.error());
  const base::Result<capi::Setup> setup = capi::read_setup(whole.value());
  if (!setup.ok()) return complain(setup.error());
  std::signal(SIGPIPE, SIG_IGN);  // A client that has gone shows as an error of write().
  base::Result<std::unique_ptr<capi::Server>> server = capi::Server::open(setup.value());
  if (!server.ok()) return complain(server.error());
  const base::Status done = server.value()->run();
  return done.ok() ? 0 : complain(done.error());
}

}  // namespace

int raft_main_opts(const struct raft_options* options) {
  if (options == nullptr) {
    std::fprintf(stderr, "raft: no options\n");
    return kWrongUse;
  }
  try {
    return run(*options);
  } catch (const std::exception& error) {  // No memory. C knows no exceptions.
    std::fprintf(stderr, "raft: %s\n", error.what());
    return kStorage;
  }
}
