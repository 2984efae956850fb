// SPDX-License-Identifier: Apache-2.0
#include "capi/setup.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "os/fd.h"

namespace capi {
namespace {

// Of struct raft_options, in all releases.
constexpr std::array kSizes{offsetof(raft_options, max_waiting_bytes),
                            offsetof(raft_options, max_clients), sizeof(raft_options)};
constexpr std::size_t kMostSize = 4096;

// The longest record.
constexpr std::size_t kLeastWaitingBytes = RAFT_MAX_BYTES + 1024;

base::Error wrong(std::string what) { return {base::ErrorCode::InvalidArgument, std::move(what)}; }

base::Status check_descriptor(int fd, const char* name) {
  if (fd < 0) return base::Done{};
  if (::fcntl(fd, F_GETFD) < 0) return wrong(fmt::format("{} {} is not open", name, fd));
  // The kernel says whether it can be waited for: a file or a directory cannot, nor can /dev/null.
  const os::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  const bool fits = ::epoll_ctl(epoll.number(), EPOLL_CTL_ADD, fd, &event) == 0 || errno != EPERM;
  if (fits) return base::Done{};
  return wrong(
      fmt::format("{} {} cannot be waited for, as a file on a disk: expected a socket, or "
                  "an end of a pipe",
                  name, fd));
}

base::Status check_share(double share, const char* name) {
  if (share >= 0 && share <= 1) return base::Done{};
  return wrong(fmt::format("{} is {}: expected 0..1", name, share));
}

base::Status check_unreliable(const raft_unreliable& unreliable) {
  TRY([[maybe_unused]] const auto loss, check_share(unreliable.loss, "loss"));
  TRY([[maybe_unused]] const auto twice, check_share(unreliable.duplicate, "duplicate"));
  TRY([[maybe_unused]] const auto order, check_share(unreliable.reorder, "reorder"));
  return check_share(unreliable.corrupt, "corrupt");
}

base::Status read_descriptors(const raft_options& options, Setup& setup) {
  const bool one = options.client_fd >= 0;
  const bool pair = options.read_fd >= 0 || options.write_fd >= 0;
  if (one && pair) return wrong("either client_fd, or read_fd and write_fd");
  if (pair && (options.read_fd < 0 || options.write_fd < 0)) {
    return wrong("read_fd and write_fd come together");
  }
  if (!one && !pair && options.listen_fd < 0) {
    return wrong("no client: give client_fd, read_fd and write_fd, or listen_fd");
  }
  setup.read_fd = one ? options.client_fd : options.read_fd;
  setup.write_fd = one ? options.client_fd : options.write_fd;
  setup.listen_fd = options.listen_fd;
  TRY([[maybe_unused]] const auto read, check_descriptor(setup.read_fd, "descriptor"));
  TRY([[maybe_unused]] const auto write, check_descriptor(setup.write_fd, "descriptor"));
  return check_descriptor(setup.listen_fd, "listen_fd");
}

}  // namespace

base::Result<raft_options> whole_options(const raft_options* options) {
  const std::size_t size = options->struct_size;
  const auto* bytes = reinterpret_cast<const char*>(options);
  const bool is_known = std::ranges::find(kSizes, size) != kSizes.end();
  if (!is_known && (size < sizeof(raft_options) || size > kMostSize)) {
    return wrong(fmt::format("struct_size is {}: expected {}", size, sizeof(raft_options)));
  }
  for (std::size_t at = sizeof(raft_options); at < size; ++at) {
    if (bytes[at] == 0) continue;
    return wrong(fmt::format("byte {} of the options is not 0: this library knows {}", at,
                             sizeof(raft_options)));
  }
  raft_options whole{};
  std::memcpy(&whole, bytes, std::min(size, sizeof whole));
  return whole;
}

base::Result<Setup> read_setup(const raft_options& options) {
  if (options.mode != RAFT_FRESH && options.mode != RAFT_RECOVER) {
    return wrong("mode is neither RAFT_FRESH nor RAFT_RECOVER");
  }
  if (options.config == nullptr || options.persist == nullptr || *options.persist == '\0') {
    return wrong("config and persist must name files");
  }
  if (options.apply == nullptr || options.resolve == nullptr) {
    return wrong("there is no apply_command() or no resolve_read()");
  }
  if ((options.save == nullptr) != (options.load == nullptr)) {
    return wrong("raft_save and raft_load come together");
  }
  Setup setup;
  setup.mode = options.mode;
  setup.self = {options.id};
  TRY([[maybe_unused]] const auto descriptors, read_descriptors(options, setup));
  TRY(setup.cluster, read_cluster_file(options.config));
  if (!setup.cluster.servers.contains(setup.self)) {
    return wrong(fmt::format("{}: there is no server {}", options.config, options.id));
  }
  setup.persist = options.persist;
  setup.callbacks = {options.apply, options.resolve, options.save, options.load, options.context};
  if (options.applied != nullptr) setup.applied = options.applied;
  if (options.unreliable != nullptr) {
    TRY([[maybe_unused]] const auto shares, check_unreliable(*options.unreliable));
    setup.unreliable = *options.unreliable;
  }
  if (options.max_waiting_bytes != 0) setup.max_waiting_bytes = options.max_waiting_bytes;
  if (setup.max_waiting_bytes < kLeastWaitingBytes) {
    return wrong(fmt::format("max_waiting_bytes is {}: expected 0, or at least {}",
                             setup.max_waiting_bytes, kLeastWaitingBytes));
  }
  if (options.max_clients != 0) setup.max_clients = options.max_clients;
  return setup;
}

}  // namespace capi
