// SPDX-License-Identifier: Apache-2.0
#include "check/trap/on_behalf.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <new>
#include <sstream>
#include <vector>

#include "check/sandbox/fd.h"

namespace check::trap {

namespace {

using sandbox::Fd;
using sandbox::system_error;

constexpr std::uint64_t kMostBytes = 64ULL << 20U;
constexpr std::uint64_t kMostPieces = 1024;  // IOV_MAX

// Where O_DIRECT takes it from.
template <class Byte>
struct Aligned {
  using value_type = Byte;  // NOLINT(readability-identifier-naming): as allocators have it.
  static constexpr std::align_val_t kPage{4096};
  Byte* allocate(std::size_t count) { return static_cast<Byte*>(::operator new(count, kPage)); }
  void deallocate(Byte* bytes, std::size_t /*count*/) { ::operator delete(bytes, kPage); }
  bool operator==(const Aligned&) const { return true; }
};
using Bytes = std::vector<char, Aligned<char>>;

base::Status read_memory(pid_t thread, std::uint64_t from, void* to, std::size_t bytes) {
  iovec here{to, bytes};
  iovec there{reinterpret_cast<void*>(from), bytes};  // NOLINT: an address of another process.
  const ssize_t size = ::process_vm_readv(thread, &here, 1, &there, 1, 0);
  if (size == static_cast<ssize_t>(bytes)) return base::Done{};
  return system_error("cannot read the memory of thread " + std::to_string(thread));
}

// Where the data of a write lie in the program.
base::Result<std::vector<iovec>> pieces_of(const seccomp_notif& call, Call which) {
  const auto thread = static_cast<pid_t>(call.pid);
  std::vector<iovec> pieces;
  if (which == Call::Write || which == Call::Pwrite64 || which == Call::DurablePwrite64) {
    pieces.push_back({reinterpret_cast<void*>(call.data.args[1]), call.data.args[2]});  // NOLINT
    return pieces;
  }
  const std::uint64_t count = call.data.args[2];
  if (count > kMostPieces) {
    return base::Error{base::ErrorCode::InvalidArgument, "a write of too many pieces"};
  }
  pieces.resize(count);
  TRY([[maybe_unused]] const auto read,
      read_memory(thread, call.data.args[1], pieces.data(), count * sizeof(iovec)));
  return pieces;
}

base::Result<std::uint64_t> bytes_in(const std::vector<iovec>& pieces) {
  std::uint64_t bytes = 0;
  for (const iovec& piece : pieces) {
    if (piece.iov_len > kMostBytes || bytes + piece.iov_len > kMostBytes) {
      return base::Error{base::ErrorCode::InvalidArgument, "a write of more than 64 MB"};
    }
    bytes += piece.iov_len;
  }
  return bytes;
}

base::Result<Bytes> data_of(const seccomp_notif& call, Call which) {
  TRY(const std::vector<iovec> pieces, pieces_of(call, which));
  TRY(const std::uint64_t bytes, bytes_in(pieces));
  Bytes data(bytes);
  std::size_t at = 0;
  for (const iovec& piece : pieces) {
    if (piece.iov_len == 0) continue;
    TRY([[maybe_unused]] const auto read,
        read_memory(static_cast<pid_t>(call.pid), reinterpret_cast<std::uint64_t>(piece.iov_base),
                    data.data() + at, piece.iov_len));
    at += piece.iov_len;
  }
  return data;
}

// The file that the caller has mapped there; empty: none.
std::string mapped_at(const seccomp_notif& call, std::uint64_t address) {
  std::ifstream maps("/proc/" + std::to_string(call.pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    char dash = 0;
    words >> std::hex >> begin >> dash >> end;
    if (!words || address < begin || address >= end) continue;
    const std::size_t path = line.find('/');
    return path == std::string::npos ? std::string() : line.substr(path);
  }
  return {};
}

// The file again: the descriptor by which it was mapped may be closed.
base::Result<Fd> open_mapped(const seccomp_notif& call) {
  const std::string path =
      "/proc/" + std::to_string(call.pid) + "/root" + mapped_at(call, call.data.args[0]);
  Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.open()) return system_error("cannot open " + path);
  return file;
}

// The caller's open file itself: position and flags are shared. A pidfd of a thread needs Linux
// 6.9; before that its process, which has the same files.
base::Result<Fd> borrow(const seccomp_notif& call) {
  if (call.data.nr == SYS_msync) return open_mapped(call);
  constexpr unsigned kThread = O_EXCL;  // PIDFD_THREAD
  const auto thread = static_cast<pid_t>(call.pid);
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, thread, kThread)));
  if (!process.open()) {
    std::array<char, 4096> status{};
    const std::string path = "/proc/" + std::to_string(thread) + "/status";
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t size = file.open() ? ::read(file.get(), status.data(), status.size() - 1) : 0;
    const std::string text(status.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    const std::size_t group = text.find("\nTgid:");
    if (group == std::string::npos) return system_error("cannot find thread's process");
    const int leader = std::atoi(text.c_str() + group + sizeof "\nTgid:" - 1);
    process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, leader, 0)));
  }
  Fd file(static_cast<int>(
      ::syscall(SYS_pidfd_getfd, process.get(), static_cast<int>(call.data.args[0]), 0)));
  if (!file.open()) return system_error("cannot borrow a descriptor of the node");
  return file;
}

base::Status finished(std::int64_t result, std::int64_t wanted, Call which) {
  if (result == wanted) return base::Done{};
  if (result < 0) return system_error(std::string(name(which)));
  return base::Error{base::ErrorCode::Io, std::string(name(which)) + " stopped half-way"};
}

}  // namespace

std::string path_of(const seccomp_notif& call) {
  if (call.data.nr == SYS_msync) {
    const bool waits = (call.data.args[2] & MS_SYNC) != 0;
    return waits ? mapped_at(call, call.data.args[0]) : std::string();
  }
  std::array<char, 4096> target{};
  const std::string link = "/proc/" + std::to_string(call.pid) + "/fd/" +
                           std::to_string(static_cast<int>(call.data.args[0]));
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return {target.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool is_durable(const seccomp_notif& call) {
  std::ifstream file("/proc/" + std::to_string(call.pid) + "/fdinfo/" +
                     std::to_string(static_cast<int>(call.data.args[0])));
  std::string word;
  while (file >> word) {
    if (word != "flags:") continue;
    unsigned flags = 0;
    return file >> std::oct >> flags && (flags & O_DSYNC) != 0;
  }
  return false;
}

base::Result<std::int64_t> full_result(const seccomp_notif& call, Call which) {
  if (is_sync(which) || which == Call::Ftruncate) return std::int64_t{0};
  if (which == Call::Write || which == Call::Pwrite64 || which == Call::DurablePwrite64) {
    return static_cast<std::int64_t>(call.data.args[2]);
  }
  TRY(const std::vector<iovec> pieces, pieces_of(call, which));
  TRY(const std::uint64_t bytes, bytes_in(pieces));
  return static_cast<std::int64_t>(bytes);
}

base::Status perform(const seccomp_notif& call, Call which) {
  TRY(const Fd file, borrow(call));
  const auto offset = static_cast<off_t>(call.data.args[3]);
  switch (which) {
    case Call::Fsync:
      return finished(::fsync(file.get()), 0, which);
    case Call::Fdatasync:
    case Call::Msync:
      return finished(::fdatasync(file.get()), 0, which);
    case Call::Ftruncate:
      return finished(::ftruncate(file.get(), static_cast<off_t>(call.data.args[1])), 0, which);
    case Call::Write:
    case Call::Writev: {
      TRY(const Bytes data, data_of(call, which));
      return finished(::write(file.get(), data.data(), data.size()),
                      static_cast<std::int64_t>(data.size()), which);
    }
    case Call::Pwrite64:
    case Call::DurablePwrite64:
    case Call::Pwritev: {
      TRY(const Bytes data, data_of(call, which));
      return finished(::pwrite(file.get(), data.data(), data.size(), offset),
                      static_cast<std::int64_t>(data.size()), which);
    }
  }
  return base::Done{};
}

}  // namespace check::trap
