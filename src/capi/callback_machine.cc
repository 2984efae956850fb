// SPDX-License-Identifier: Apache-2.0
#include "capi/callback_machine.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "os/error.h"
#include "os/fd.h"

struct raft_result {
  std::string bytes;
};

int raft_result_add(struct raft_result* result, const void* bytes, size_t size) {
  if (size > RAFT_MAX_BYTES - result->bytes.size()) return -1;
  try {
    result->bytes.append(static_cast<const char*>(bytes), size);
  } catch (...) {  // No memory: C is told in its own way.
    return -1;
  }
  return 0;
}

namespace capi {
namespace {

base::Error load_error() {
  return {base::ErrorCode::Corrupt, "the program could not load the snapshot"};
}

// A file without a name, in memory.
os::Fd memory_file() { return os::Fd(::memfd_create("raft-snapshot", MFD_CLOEXEC)); }

// Mapped, so that reading it cannot fail half-way.
class FileSnapshot final : public machine::Snapshot {
 public:
  FileSnapshot(char* begin, std::size_t size) : begin_(begin), size_(size) {}
  FileSnapshot(const FileSnapshot&) = delete;
  FileSnapshot& operator=(const FileSnapshot&) = delete;
  ~FileSnapshot() override {
    if (size_ > 0) ::munmap(begin_, size_);
  }

  // Null: there is no memory for it.
  static std::unique_ptr<FileSnapshot> of(const os::Fd& file) {
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) return nullptr;
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return std::make_unique<FileSnapshot>(nullptr, 0);
    void* begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (begin == MAP_FAILED) return nullptr;
    return std::make_unique<FileSnapshot>(static_cast<char*>(begin), size);
  }

  std::string next(std::size_t about_bytes) override {
    const std::size_t count = std::min(about_bytes, size_ - offset_);
    std::string piece;
    if (count > 0) piece.assign(begin_ + offset_, count);
    offset_ += count;
    return piece;
  }

 private:
  char* begin_;
  std::size_t size_;
  std::size_t offset_ = 0;
};

class FileRestore final : public machine::Restore {
 public:
  FileRestore(const Callbacks& callbacks, os::Fd file)
      : callbacks_(callbacks), file_(std::move(file)) {}

  base::Status add(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.number(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os::system_error("keep a snapshot in memory");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return base::Done{};
  }
  base::Status finish() override {
    if (::lseek(file_.number(), 0, SEEK_SET) != 0) return load_error();
    if (callbacks_.load(callbacks_.context, file_.number()) != 0) return load_error();
    return base::Done{};
  }

 private:
  Callbacks callbacks_;
  os::Fd file_;
};

}  // namespace

void CallbackMachine::apply(std::span<const raft::Entry> commands,
                            std::vector<machine::Answer>& answers) {
  for (const raft::Entry& entry : commands) {
    raft_result result;
    callbacks_.apply(callbacks_.context, entry.id.index.value(), entry.id.term.value(),
                     entry.payload->data(), entry.payload->size(), &result);
    answers.push_back(std::move(result.bytes));
  }
}

machine::Answer CallbackMachine::read(std::string_view query) const {
  raft_result result;
  callbacks_.resolve(callbacks_.context, query.data(), query.size(), &result);
  return std::move(result.bytes);
}

std::unique_ptr<machine::Snapshot> CallbackMachine::snapshot() {
  if (callbacks_.save == nullptr) return nullptr;
  os::Fd file = memory_file();
  if (!file.is_open() || callbacks_.save(callbacks_.context, file.number()) != 0) return nullptr;
  return FileSnapshot::of(file);
}

std::unique_ptr<machine::Restore> CallbackMachine::begin_restore() {
  if (callbacks_.load == nullptr) return nullptr;
  os::Fd file = memory_file();
  if (!file.is_open()) return nullptr;
  return std::make_unique<FileRestore>(callbacks_, std::move(file));
}

}  // namespace capi
