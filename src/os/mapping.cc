// SPDX-License-Identifier: Apache-2.0
#include "os/mapping.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "os/clock.h"
#include "os/error.h"

namespace os {
namespace {

// Where to go on when a copy raises SIGBUS; null while there is none.
thread_local sigjmp_buf* volatile copying = nullptr;  // NOLINT: a signal handler has nothing else.

struct sigaction& others() {
  static struct sigaction action {};
  return action;
}

void on_bus_error(int number, siginfo_t* what, void* context) {
  if (copying != nullptr) siglongjmp(*copying, 1);  // NOLINT: there is no other way out.
  const struct sigaction& before = others();
  if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr) {
    before.sa_sigaction(number, what, context);
  } else if (before.sa_handler != SIG_IGN && before.sa_handler != SIG_DFL) {
    before.sa_handler(number);
  } else {
    signal(number, SIG_DFL);  // And the same instruction again.
  }
}

void install_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGBUS, &action, &others());
  });
}

// False: SIGBUS. Nothing in here needs to be undone by a destructor.
bool copy(char* to, const char* from, std::size_t size) {
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {  // NOLINT: as above.
    copying = nullptr;
    return false;
  }
  copying = &here;
  std::memcpy(to, from, size);
  copying = nullptr;
  return true;
}

class Mapping final : public io::MappedFile {
 public:
  Mapping(Fd file, std::string path, const Directory::OnSync* on_sync)
      : file_(std::move(file)), path_(std::move(path)), on_sync_(on_sync) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() override {
    if (memory_ != nullptr) munmap(memory_, size_bytes_);
  }

  base::Status open() {
    struct stat status {};
    if (fstat(file_.number(), &status) != 0) return system_error("ask for the size of " + path_);
    return map(static_cast<std::uint64_t>(status.st_size));
  }

  std::uint64_t size_bytes() const override { return size_bytes_; }

  base::Status load(std::uint64_t offset, std::span<char> into) override {
    check_inside(offset, into.size());
    if (into.empty() || copy(into.data(), memory_ + offset, into.size())) return base::Done{};
    return bus_error("read", offset);
  }

  base::Status store(std::uint64_t offset, std::string_view bytes) override {
    check_inside(offset, bytes.size());
    if (bytes.empty() || copy(memory_ + offset, bytes.data(), bytes.size())) return base::Done{};
    return bus_error("written", offset);
  }

  base::Status sync(std::uint64_t offset, std::uint64_t size_bytes) override {
    check_inside(offset, size_bytes);
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t begin = offset / page * page;
    const auto began = steady_now();
    if (msync(memory_ + begin, offset + size_bytes - begin, MS_SYNC) != 0) {
      return disk_error("sync " + path_);
    }
    if (on_sync_ != nullptr && *on_sync_) (*on_sync_)(steady_now() - began);
    return base::Done{};
  }

  base::Status grow(std::uint64_t size_bytes) override {
    CHECK(size_bytes > size_bytes_, size_bytes, size_bytes_);
    const int error = posix_fallocate(file_.number(), static_cast<off_t>(size_bytes_),
                                      static_cast<off_t>(size_bytes - size_bytes_));
    if (error != 0) return disk_error("make " + path_ + " longer", error);
    return map(size_bytes);
  }

 private:
  void check_inside(std::uint64_t offset, std::uint64_t size) const {
    CHECK(offset <= size_bytes_ && size <= size_bytes_ - offset, offset, size, size_bytes_);
  }

  base::Status map(std::uint64_t size_bytes) {
    if (size_bytes == 0) return base::Done{};
    void* memory = memory_ == nullptr ? mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                                             MAP_SHARED, file_.number(), 0)
                                      : mremap(memory_, size_bytes_, size_bytes, MREMAP_MAYMOVE);
    if (memory == MAP_FAILED)
      return system_error("map " + path_);  // NOLINT: a macro of the system.
    memory_ = static_cast<char*>(memory);
    size_bytes_ = size_bytes;
    return base::Done{};
  }

  base::Error bus_error(const char* what, std::uint64_t offset) const {
    return {base::ErrorCode::Io, "cannot map " + path_ + ": a page from byte " +
                                     std::to_string(offset) + " on cannot be " + what};
  }

  Fd file_;
  std::string path_;
  const Directory::OnSync* on_sync_;
  char* memory_ = nullptr;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<io::MappedFile>> map_file(Fd file, std::string path,
                                                       const Directory::OnSync* on_sync) {
  install_handler();
  auto mapping = std::make_unique<Mapping>(std::move(file), std::move(path), on_sync);
  TRY([[maybe_unused]] const base::Done opened, mapping->open());
  return std::unique_ptr<io::MappedFile>(std::move(mapping));
}

}  // namespace os
