// SPDX-License-Identifier: Apache-2.0
#include "check/faultfs/mount.h"

#define FUSE_USE_VERSION 312
#include <fcntl.h>
#include <fmt/format.h>
#include <fuse3/fuse.h>
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace check::faultfs {

namespace {

using sandbox::Fd;
using sandbox::system_error;

constexpr int kThreads = 4;

base::Result<Fd> open_device() {
  Fd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (device.open()) return device;
  base::Error error = system_error("cannot open /dev/fuse");
  error.code = base::ErrorCode::Unavailable;
  if (errno == EACCES)
    error.message += "; it has mode 0666 where udev made it (chmod 666 /dev/fuse)";
  if (errno == ENOENT || errno == ENODEV) {
    error.message += "; the kernel needs CONFIG_FUSE_FS (modprobe fuse), a container its device";
  }
  return error;
}

}  // namespace

Mount::Mount(sandbox::Sandbox& sandbox, history::NodeId node, std::string directory)
    : sandbox_(sandbox), node_(node), directory_(std::move(directory)) {}

base::Result<std::unique_ptr<Mount>> Mount::over(sandbox::Sandbox& sandbox, history::NodeId node,
                                                 const std::string& directory, FileSystem& files) {
  std::unique_ptr<Mount> mount(new Mount(sandbox, node, directory));
  TRY([[maybe_unused]] const auto attached, mount->attach(files));
  for (int k = 0; k < kThreads; ++k) {
    mount->threads_.emplace_back([m = mount.get()] { m->serve(); });
  }
  return mount;
}

base::Status Mount::attach(FileSystem& files) {
  end_ = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!end_.open()) return system_error("cannot make an eventfd");
  TRY(Fd device, open_device());
  const std::string options =
      fmt::format("fd={},rootmode=40000,user_id={},group_id={},allow_other,default_permissions",
                  device.get(), ::geteuid(), ::getegid());
  TRY([[maybe_unused]] const auto done, sandbox_.in_files_of(node_, [&]() -> base::Status {
    constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOATIME;
    if (::mount("seaworthy", directory_.c_str(), "fuse", kPlain, options.c_str()) == 0) {
      return base::Done{};
    }
    return system_error("cannot mount a FUSE file system over " + directory_ +
                        " (Linux 4.18 lets user namespaces do so)");
  }));
  mounted_ = true;
  std::array<char, 10> name{"seaworthy"};
  std::array<char*, 1> words{name.data()};
  fuse_args arguments = FUSE_ARGS_INIT(1, words.data());
  fuse_ = fuse_new(&arguments, &FileSystem::operations(), sizeof(fuse_operations), &files);
  fuse_opt_free_args(&arguments);
  if (fuse_ == nullptr) return base::Error{base::ErrorCode::Io, "libfuse refuses to begin"};
  // The library takes over what is mounted already under this kind of name.
  device_ = device.get();
  const std::string taken = fmt::format("/dev/fd/{}", device_);
  if (fuse_session_mount(fuse_get_session(fuse_), taken.c_str()) != 0) {
    return base::Error{base::ErrorCode::Io, "libfuse does not take over the mount"};
  }
  device.release();
  return base::Done{};
}

void Mount::serve() {
  ::pthread_setname_np(::pthread_self(), fmt::format("disk-n{}", node_.value).c_str());
  fuse_session* session = fuse_get_session(fuse_);
  // An epoll of its own for each thread, so that one request wakes one of them.
  const Fd ready(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event request{.events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.fd = device_}};
  epoll_event end{.events = EPOLLIN, .data = {.fd = end_.get()}};
  ::epoll_ctl(ready.get(), EPOLL_CTL_ADD, device_, &request);
  ::epoll_ctl(ready.get(), EPOLL_CTL_ADD, end_.get(), &end);
  fuse_buf buffer{};
  while (fuse_session_exited(session) == 0) {
    epoll_event event{};
    if (::epoll_wait(ready.get(), &event, 1, -1) < 0) continue;
    if (event.data.fd == end_.get()) break;
    const int size = fuse_session_receive_buf(session, &buffer);
    if (size > 0) fuse_session_process_buf(session, &buffer);
    if (size == -ENODEV) break;  // Unmounted.
  }
  std::free(buffer.mem);  // NOLINT: the library allocated it so.
}

Mount::~Mount() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(end_.get(), &one, sizeof one);
  for (std::thread& thread : threads_) thread.join();
  if (fuse_ != nullptr) fuse_destroy(fuse_);  // Closes the device, which aborts all requests.
  if (!mounted_) return;
  [[maybe_unused]] const base::Status unmounted =
      sandbox_.in_files_of(node_, [this]() -> base::Status {
        if (::umount2(directory_.c_str(), MNT_DETACH) == 0) return base::Done{};
        return system_error("cannot unmount " + directory_);
      });
}

}  // namespace check::faultfs
