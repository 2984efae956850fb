// SPDX-License-Identifier: Apache-2.0
#include "io/testing/memory_disk.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace io::testing {

namespace {

base::Error failed(const std::string& what) {
  return {base::ErrorCode::Io, what + ": injected error"};
}

base::Error no_descriptor(const std::string& name) {
  return {base::ErrorCode::Unavailable, name + ": no descriptor is left"};
}

}  // namespace

// A file that a process has open, in one way or the other.
class MemoryHandle {
 protected:
  MemoryHandle(MemoryDisk& disk, std::string name, std::shared_ptr<MemoryDisk::Inode> inode)
      : disk_(disk), name_(std::move(name)), inode_(std::move(inode)), life_(disk.life_) {}

  MemoryDisk::Outcome begin() {
    if (life_ != disk_.life_) return MemoryDisk::Outcome::Off;
    return disk_.count_call();
  }

  base::Status change(MemoryDisk::Outcome outcome, MemoryDisk::Write write, const char* what) {
    if (outcome == MemoryDisk::Outcome::Off) return failed(name_ + ": " + what);
    MemoryDisk::make(inode_->seen, write);
    inode_->waiting.push_back(std::move(write));
    if (outcome != MemoryDisk::Outcome::Fine) return failed(name_ + ": " + what);
    return base::Done{};
  }

  MemoryDisk& disk_;
  std::string name_;
  std::shared_ptr<MemoryDisk::Inode> inode_;
  std::uint64_t life_;
};

class MemoryFile final : public File, private MemoryHandle {
 public:
  MemoryFile(MemoryDisk& disk, std::string name, std::shared_ptr<MemoryDisk::Inode> inode)
      : MemoryHandle(disk, std::move(name), std::move(inode)) {}

  base::Result<std::uint64_t> size_bytes() override {
    if (begin() != MemoryDisk::Outcome::Fine) return failed(name_ + ": size");
    return static_cast<std::uint64_t>(inode_->seen.size());
  }

  base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    if (begin() != MemoryDisk::Outcome::Fine) return failed(name_ + ": read");
    const std::string& seen = inode_->seen;
    if (offset >= seen.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), seen.size() - offset);
    const std::optional<std::uint64_t> bad = inode_->unreadable;
    if (bad && *bad >= offset && *bad < offset + count) return failed(name_ + ": read");
    std::copy_n(seen.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  base::Status write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    MemoryDisk::Write write{offset, {}, false};
    for (const std::string_view part : parts) write.bytes += part;
    const MemoryDisk::Outcome outcome = begin();
    if (outcome == MemoryDisk::Outcome::Fine &&
        !disk_.has_room(*inode_, offset + write.bytes.size())) {
      return base::Error{base::ErrorCode::NoSpace, name_ + ": write: no space left on device"};
    }
    if (outcome == MemoryDisk::Outcome::Fails) {
      write.bytes.resize(disk_.prng_.between(0, write.bytes.size()));  // A short write.
    }
    return change(outcome, std::move(write), "write");
  }

  base::Status truncate(std::uint64_t size_bytes) override {
    const MemoryDisk::Outcome outcome = begin();
    if (outcome == MemoryDisk::Outcome::Fails) return failed(name_ + ": truncate");
    return change(outcome, {size_bytes, {}, true}, "truncate");
  }

  base::Status sync() override {
    disk_.syncs_ += 1;
    const MemoryDisk::Outcome outcome = begin();
    if (outcome == MemoryDisk::Outcome::Fine) {
      disk_.make_survivors(*inode_, Survival::Everything);
      return base::Done{};
    }
    if (outcome == MemoryDisk::Outcome::Fails) disk_.make_survivors(*inode_, Survival::Random);
    return failed(name_ + ": sync");
  }

  base::Result<bool> sync_meanwhile() override {
    if (asked_++ < disk_.late_) return false;
    asked_ = 0;
    return File::sync_meanwhile();
  }

  base::Result<bool> write_zeros_meanwhile(std::uint64_t offset, std::uint64_t bytes) override {
    if (asked_++ < disk_.late_) return false;
    asked_ = 0;
    return File::write_zeros_meanwhile(offset, bytes);
  }

 private:
  std::uint64_t asked_ = 0;  // In vain, for a sync or zeros.
};

class MappedMemory final : public MappedFile, private MemoryHandle {
 public:
  MappedMemory(MemoryDisk& disk, std::string name, std::shared_ptr<MemoryDisk::Inode> inode)
      : MemoryHandle(disk, std::move(name), std::move(inode)) {}

  std::uint64_t size_bytes() const override { return inode_->seen.size(); }

  base::Status load(std::uint64_t offset, std::span<char> into) override {
    CHECK(offset <= size_bytes() && into.size() <= size_bytes() - offset, offset, into.size());
    if (begin() != MemoryDisk::Outcome::Fine) return failed(name_ + ": load");
    std::copy_n(inode_->seen.begin() + static_cast<std::ptrdiff_t>(offset), into.size(),
                into.begin());
    return base::Done{};
  }

  base::Status store(std::uint64_t offset, std::string_view bytes) override {
    CHECK(offset <= size_bytes() && bytes.size() <= size_bytes() - offset, offset, bytes.size());
    return change(begin(), {offset, std::string(bytes), false}, "store");
  }

  base::Status grow(std::uint64_t size_bytes) override {
    CHECK(size_bytes > this->size_bytes(), size_bytes);
    const MemoryDisk::Outcome outcome = begin();
    if (outcome == MemoryDisk::Outcome::Fine && !disk_.has_room(*inode_, size_bytes)) {
      return base::Error{base::ErrorCode::NoSpace, name_ + ": grow: no space left on device"};
    }
    if (outcome == MemoryDisk::Outcome::Fails) return failed(name_ + ": grow");
    return change(outcome, {size_bytes, {}, true}, "grow");
  }

  base::Status sync(std::uint64_t offset, std::uint64_t size_bytes) override {
    disk_.syncs_ += 1;
    const MemoryDisk::Outcome outcome = begin();
    if (outcome == MemoryDisk::Outcome::Fails) disk_.make_survivors(*inode_, Survival::Random);
    if (outcome != MemoryDisk::Outcome::Fine) return failed(name_ + ": sync");
    constexpr std::uint64_t kPage = 4096;
    disk_.make_durable(*inode_, offset / kPage * kPage,
                       (offset + size_bytes + kPage - 1) / kPage * kPage);
    return base::Done{};
  }
};

MemoryDisk::MemoryDisk(std::uint64_t seed) : prng_(seed) {}

base::Result<std::vector<std::string>> MemoryDisk::list() {
  if (count_call() != Outcome::Fine) return failed("list");
  std::vector<std::string> names;
  names.reserve(seen_.size());
  for (const auto& [name, inode] : seen_) names.push_back(name);
  return names;
}

base::Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& name) {
  if (refuses_) return no_descriptor(name);
  if (count_call() != Outcome::Fine) return failed(name + ": open");
  const auto found = seen_.find(name);
  if (found == seen_.end()) return base::Error{base::ErrorCode::NotFound, name + ": no such file"};
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, name, found->second));
}

base::Result<std::unique_ptr<File>> MemoryDisk::create(const std::string& name) {
  if (refuses_) return no_descriptor(name);
  const Outcome outcome = count_call();
  if (seen_.contains(name)) return base::Error{base::ErrorCode::Io, name + ": exists"};
  auto inode = std::make_shared<Inode>();
  TRY([[maybe_unused]] const base::Done done, relink(outcome, {{name, inode}}, name + ": create"));
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, name, inode));
}

base::Result<std::unique_ptr<MappedFile>> MemoryDisk::map(const std::string& name) {
  if (refuses_) return no_descriptor(name);
  const Outcome outcome = count_call();
  const auto found = seen_.find(name);
  if (found != seen_.end()) {
    if (outcome != Outcome::Fine) return failed(name + ": map");
    return std::unique_ptr<MappedFile>(std::make_unique<MappedMemory>(*this, name, found->second));
  }
  auto inode = std::make_shared<Inode>();
  TRY([[maybe_unused]] const base::Done done, relink(outcome, {{name, inode}}, name + ": map"));
  return std::unique_ptr<MappedFile>(std::make_unique<MappedMemory>(*this, name, inode));
}

base::Status MemoryDisk::rename(const std::string& from, const std::string& to) {
  const Outcome outcome = count_call();
  const auto found = seen_.find(from);
  if (found == seen_.end()) return base::Error{base::ErrorCode::NotFound, from + ": no such file"};
  return relink(outcome, {{to, found->second}, {from, nullptr}}, from + ": rename");
}

base::Status MemoryDisk::remove(const std::string& name) {
  const Outcome outcome = count_call();
  if (!seen_.contains(name)) {
    return base::Error{base::ErrorCode::NotFound, name + ": no such file"};
  }
  return relink(outcome, {{name, nullptr}}, name + ": remove");
}

base::Status MemoryDisk::relink(Outcome outcome, std::vector<Link> links, const std::string& what) {
  if (outcome == Outcome::Fails || outcome == Outcome::Off) return failed(what);
  for (const Link& each : links) link(seen_, each);
  waiting_.push_back(std::move(links));
  if (outcome == Outcome::PowerCut) return failed(what);
  return base::Done{};
}

base::Result<bool> MemoryDisk::sync_directory_meanwhile() {
  if (asked_++ < late_) return false;
  asked_ = 0;
  return Disk::sync_directory_meanwhile();
}

base::Status MemoryDisk::sync_directory() {
  if (count_call() != Outcome::Fine) return failed("directory: sync");
  for (const std::vector<Link>& links : waiting_) {
    for (const Link& each : links) link(durable_, each);
  }
  waiting_.clear();
  return base::Done{};
}

void MemoryDisk::plan(Fault fault, std::uint64_t call) {
  CHECK(call > 0);
  fault_ = fault;
  fault_at_ = calls_ + call;
}

void MemoryDisk::unplan() {
  if (calls_ < fault_at_) fault_at_ = 0;
}

void MemoryDisk::crash(Survival survival) {
  for (const std::vector<Link>& links : waiting_) {
    const bool survives =
        survival == Survival::Everything || (survival == Survival::Random && coin());
    if (!survives) continue;
    for (const Link& each : links) link(durable_, each);
  }
  waiting_.clear();
  seen_ = durable_;
  for (auto& [name, inode] : seen_) {
    make_survivors(*inode, survival);
    inode->seen = inode->durable;
  }
  fault_at_ = 0;
  life_ += 1;
}

std::string MemoryDisk::bytes(const std::string& name) const {
  const auto found = seen_.find(name);
  CHECK(found != seen_.end(), name);
  return found->second->seen;
}

void MemoryDisk::set_bytes(const std::string& name, const std::string& bytes) {
  const auto found = seen_.find(name);
  CHECK(found != seen_.end(), name);
  *found->second = Inode{bytes, bytes, {}, {}};
}

void MemoryDisk::make_unreadable(const std::string& name, std::uint64_t offset) {
  const auto found = seen_.find(name);
  CHECK(found != seen_.end(), name);
  found->second->unreadable = offset;
}

MemoryDisk::Outcome MemoryDisk::count_call() {
  calls_ += 1;
  if (fault_at_ == 0 || calls_ < fault_at_) return Outcome::Fine;
  if (fault_ == Fault::PowerCut) {
    return calls_ == fault_at_ ? Outcome::PowerCut : Outcome::Off;
  }
  return calls_ == fault_at_ ? Outcome::Fails : Outcome::Fine;
}

bool MemoryDisk::has_room(const Inode& inode, std::uint64_t end) const {
  if (capacity_ == 0 || end <= inode.seen.size()) return true;
  std::uint64_t used = end - inode.seen.size();
  for (const auto& [name, other] : seen_) used += other->seen.size();
  return used <= capacity_;
}

void MemoryDisk::make(std::string& bytes, const Write& write) {
  if (write.truncate) {
    bytes.resize(write.offset, '\0');
    return;
  }
  const std::uint64_t end = write.offset + write.bytes.size();
  if (bytes.size() < end) bytes.resize(end, '\0');
  std::copy(write.bytes.begin(), write.bytes.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

void MemoryDisk::link(Names& names, const Link& link) {
  if (link.inode == nullptr) {
    names.erase(link.name);
  } else {
    names[link.name] = link.inode;
  }
}

// Whole, not at all, or each sector by itself; with the new size or without it.
void MemoryDisk::make_some(std::string& bytes, const Write& write) {
  const std::uint64_t mode = prng_.between(0, 3);
  if (mode == 0) return;
  if (mode == 1 || write.truncate) {
    make(bytes, write);
    return;
  }
  for (std::size_t begin = 0; begin < write.bytes.size();) {
    const std::uint64_t at = write.offset + begin;
    const std::size_t size =
        std::min<std::size_t>(write.bytes.size() - begin, kSectorBytes - at % kSectorBytes);
    if (coin()) make(bytes, {at, write.bytes.substr(begin, size), false});
    begin += size;
  }
  const std::uint64_t end = write.offset + write.bytes.size();
  if (bytes.size() < end && coin()) bytes.resize(prng_.between(bytes.size(), end), '\0');
}

// Of the bytes begin..end, and of the size.
void MemoryDisk::make_durable(Inode& inode, std::uint64_t begin, std::uint64_t end) {
  std::vector<Write> left;
  for (Write& write : inode.waiting) {
    const std::uint64_t last = write.offset + write.bytes.size();
    if (write.truncate) {
      make(inode.durable, write);
    } else if (last <= begin || write.offset >= end) {
      left.push_back(std::move(write));
    } else {
      const std::uint64_t from = std::max(write.offset, begin);
      const std::uint64_t to = std::min(last, end);
      make(inode.durable, {from, write.bytes.substr(from - write.offset, to - from), false});
      if (write.offset < from) {
        left.push_back({write.offset, write.bytes.substr(0, from - write.offset), false});
      }
      if (to < last) left.push_back({to, write.bytes.substr(to - write.offset), false});
    }
  }
  inode.waiting = std::move(left);
}

void MemoryDisk::make_survivors(Inode& inode, Survival survival) {
  for (const Write& write : inode.waiting) {
    if (survival == Survival::Everything) make(inode.durable, write);
    if (survival == Survival::Random) make_some(inode.durable, write);
  }
  inode.waiting.clear();
}

}  // namespace io::testing
