// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <algorithm>
#include <utility>

#include "journal/snapshot_layout.h"

namespace sim {

base::Error Disk::refused(Fuse::Call call, const std::string& what) {
  const char* why = call == Fuse::Call::NoSpace ? ": no space left on device"
                    : call == Fuse::Call::Off   ? ": the power is off"
                                                : ": input/output error";
  const bool full = call == Fuse::Call::NoSpace;
  return {full ? base::ErrorCode::NoSpace : base::ErrorCode::Io, what + why};
}

namespace {

// Of what was written last, this much may be aimed at.
constexpr std::uint64_t kLastBytes = 400;

}  // namespace

class DiskFile final : public io::File {
 public:
  DiskFile(Disk& disk, std::string name, std::shared_ptr<Disk::Inode> inode)
      : disk_(disk), name_(std::move(name)), inode_(std::move(inode)) {}

  base::Result<std::uint64_t> size_bytes() override {
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call != Fuse::Call::Fine) return Disk::refused(call, name_ + ": size");
    return static_cast<std::uint64_t>(inode_->seen.size());
  }

  base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call != Fuse::Call::Fine) return Disk::refused(call, name_ + ": read");
    const std::string& seen = inode_->seen;
    if (offset >= seen.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), seen.size() - offset);
    std::copy_n(seen.data() + offset, count, into.data());
    return count;
  }

  base::Status write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    const Fuse::Call call = disk_.fuse_.call(true);
    if (call == Fuse::Call::Off) return Disk::refused(call, name_ + ": write");
    if (call == Fuse::Call::NoSpace) return Disk::refused(call, name_ + ": write");
    const std::uint64_t begin = inode_->bytes.size();
    for (const std::string_view part : parts) inode_->bytes += part;
    if (call == Fuse::Call::Fails) {  // A short write.
      base::Prng prng(disk_.failures_++);
      inode_->bytes.resize(prng.between(begin, inode_->bytes.size()));
    }
    // Zeros written ahead mean nothing yet; over anything else they would be a loss without a
    // trace.
    const bool zeros =
        std::string_view(inode_->bytes).find_first_not_of('\0', begin) == std::string_view::npos;
    if (disk_.misdirect_ != 0 && !zeros) offset = elsewhere(offset);
    const Disk::Write write{offset, begin, inode_->bytes.size() - begin, false, zeros};
    disk_.hash_.mix(offset);
    disk_.hash_.mix(std::string_view(inode_->bytes).substr(begin));
    change(write);
    if (call == Fuse::Call::Fails) return Disk::refused(call, name_ + ": write");
    return base::Done{};
  }

  base::Status truncate(std::uint64_t size_bytes) override {
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call != Fuse::Call::Fine) return Disk::refused(call, name_ + ": truncate");
    disk_.hash_.mix(size_bytes);
    if (size_bytes < inode_->seen.size()) disk_.cuts_ += 1;
    change({size_bytes, 0, 0, true, false});
    return base::Done{};
  }

  base::Status sync() override {
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call == Fuse::Call::Off) return Disk::refused(call, name_ + ": sync");
    if (call != Fuse::Call::Fine) {
      base::Prng prng(disk_.failures_++);
      Disk::settle(*inode_, Survival::Random, prng);
      return Disk::refused(call, name_ + ": sync");
    }
    disk_.syncs_ += 1;
    disk_.dirty_ = false;
    for (const Disk::Write& write : inode_->waiting) {
      if (!write.zeros) inode_->last = write.truncate ? 0 : write.offset;
    }
    base::Prng unused(0);
    Disk::settle(*inode_, Survival::Everything, unused);
    return base::Done{};
  }

 private:
  void change(const Disk::Write& write) {
    Disk::make(inode_->seen, *inode_, write);
    inode_->waiting.push_back(write);
    disk_.dirty_ = true;
  }

  // An earlier sector of the file. (A last frame that lands behind its place cannot be told from
  // one that was torn, so no log could promise to notice.)
  std::uint64_t elsewhere(std::uint64_t offset) {
    base::Prng prng(std::exchange(disk_.misdirect_, 0));
    const std::uint64_t sectors = std::max<std::uint64_t>(1, offset / io::kSectorBytes);
    return prng.between(0, sectors - 1) * io::kSectorBytes;
  }

  Disk& disk_;
  std::string name_;
  std::shared_ptr<Disk::Inode> inode_;
};

base::Result<std::vector<std::string>> Disk::list() {
  const Fuse::Call call = fuse_.call(false);
  if (call != Fuse::Call::Fine) return refused(call, "list");
  std::vector<std::string> names;
  names.reserve(seen_.size());
  for (const auto& [name, inode] : seen_) names.push_back(name);
  return names;
}

base::Result<std::unique_ptr<io::File>> Disk::open(const std::string& name) {
  const Fuse::Call call = fuse_.call(false);
  if (call != Fuse::Call::Fine) return refused(call, name + ": open");
  const auto found = seen_.find(name);
  if (found == seen_.end()) return base::Error{base::ErrorCode::NotFound, name + ": no such file"};
  return std::unique_ptr<io::File>(std::make_unique<DiskFile>(*this, name, found->second));
}

base::Result<std::unique_ptr<io::File>> Disk::create(const std::string& name) {
  const Fuse::Call call = fuse_.call(true);
  if (seen_.contains(name)) return base::Error{base::ErrorCode::Io, name + ": exists"};
  auto inode = std::make_shared<Inode>();
  TRY([[maybe_unused]] const base::Done done, relink(call, {{name, inode}}, name + ": create"));
  made_ += 1;
  return std::unique_ptr<io::File>(std::make_unique<DiskFile>(*this, name, inode));
}

base::Status Disk::rename(const std::string& from, const std::string& to) {
  const Fuse::Call call = fuse_.call(true);
  const auto found = seen_.find(from);
  if (found == seen_.end()) return base::Error{base::ErrorCode::NotFound, from + ": no such file"};
  return relink(call, {{to, found->second}, {from, nullptr}}, from + ": rename");
}

base::Status Disk::remove(const std::string& name) {
  const Fuse::Call call = fuse_.call(false);
  if (!seen_.contains(name)) {
    return base::Error{base::ErrorCode::NotFound, name + ": no such file"};
  }
  return relink(call, {{name, nullptr}}, name + ": remove");
}

base::Status Disk::relink(Fuse::Call call, std::vector<Link> links, const std::string& what) {
  if (call != Fuse::Call::Fine) return refused(call, what);
  hash_.mix(what);
  for (const Link& each : links) link(seen_, each);
  waiting_.push_back(std::move(links));
  return base::Done{};
}

base::Status Disk::sync_directory() {
  const Fuse::Call call = fuse_.call(false);
  if (call != Fuse::Call::Fine) return refused(call, "directory: sync");
  for (const std::vector<Link>& links : waiting_) {
    for (const Link& each : links) link(durable_, each);
  }
  waiting_.clear();
  return base::Done{};
}

bool Disk::crash(Survival survival, std::uint64_t seed) {
  base::Prng prng(seed);
  for (const std::vector<Link>& links : waiting_) {
    const bool survives = survival == Survival::Everything ||
                          (survival == Survival::Random && prng.between(0, 1) == 1);
    if (!survives) continue;
    for (const Link& each : links) link(durable_, each);
  }
  waiting_.clear();
  seen_ = durable_;
  bool lost = false;
  for (auto& [name, inode] : seen_) {
    settle(*inode, survival, prng);
    if (inode->seen != inode->durable) lost = true;
    inode->seen = inode->durable;
  }
  dirty_ = false;
  misdirect_ = 0;
  return lost;
}

std::optional<std::string> Disk::damage(std::uint64_t seed) {
  base::Prng prng(seed);
  return damage(durable_, prng);
}

std::optional<std::string> Disk::spoil(std::uint64_t seed) {
  base::Prng prng(seed);
  Names newest;
  for (const auto& [name, inode] : durable_) {  // Older ones come first.
    if (name.ends_with(journal::kSnapshotSuffix)) newest = {{name, inode}};
  }
  return damage(newest, prng);
}

std::optional<std::string> Disk::damage(const Names& names, base::Prng& prng) {
  return prng.between(0, 1) == 0 ? turn_bit(names, prng) : lose_sector(names, prng);
}

// One that has a whole write behind it: if the last one is gone, nobody can tell.
std::optional<std::string> Disk::lose_sector(const Names& names, base::Prng& prng) {
  std::vector<const Names::value_type*> files;
  for (const Names::value_type& each : names) {
    const Inode& inode = *each.second;
    if (inode.last >= io::kSectorBytes && inode.last < inode.durable.size()) files.push_back(&each);
  }
  if (files.empty()) return turn_bit(names, prng);
  const auto& [name, file] = *files[prng.between(0, files.size() - 1)];
  Inode& inode = *file;
  const std::uint64_t begin = prng.between(0, inode.last / io::kSectorBytes - 1) * io::kSectorBytes;
  inode.durable.replace(begin, io::kSectorBytes, io::kSectorBytes, '\0');
  if (begin + io::kSectorBytes <= inode.seen.size()) {
    inode.seen.replace(begin, io::kSectorBytes, io::kSectorBytes, '\0');
  }
  return name;
}

std::optional<std::string> Disk::turn_bit(const Names& names, base::Prng& prng) {
  std::vector<const Names::value_type*> files;
  for (const Names::value_type& each : names) {
    if (!each.second->durable.empty()) files.push_back(&each);
  }
  if (files.empty()) return std::nullopt;
  const auto& [name, file] = *files[prng.between(0, files.size() - 1)];
  Inode& inode = *file;
  std::uint64_t at = prng.between(0, inode.durable.size() - 1);
  // Often of what was written last, where it might be taken for what a crash left unfinished.
  if (inode.last < inode.durable.size() && prng.between(0, 1) == 0) {
    at = prng.between(inode.last,
                      std::min<std::uint64_t>(inode.durable.size(), inode.last + kLastBytes) - 1);
  }
  const char bit = static_cast<char>(1U << prng.between(0, 7));
  inode.durable[at] = static_cast<char>(inode.durable[at] ^ bit);
  if (at < inode.seen.size()) inode.seen[at] = static_cast<char>(inode.seen[at] ^ bit);
  return name;
}

void Disk::make(std::string& bytes, std::uint64_t offset, std::string_view what) {
  const std::uint64_t end = offset + what.size();
  if (bytes.size() < end) bytes.resize(end, '\0');
  std::copy(what.begin(), what.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

void Disk::make(std::string& bytes, const Inode& inode, const Write& write) {
  if (write.truncate) {
    bytes.resize(write.offset, '\0');
    return;
  }
  make(bytes, write.offset, std::string_view(inode.bytes).substr(write.begin, write.size));
}

void Disk::link(Names& names, const Link& link) {
  if (link.inode == nullptr) {
    names.erase(link.name);
  } else {
    names[link.name] = link.inode;
  }
}

// Whole, not at all, or each sector by itself; with the new size or without it.
void Disk::make_some(std::string& bytes, const Inode& inode, const Write& write, base::Prng& prng) {
  const std::uint64_t mode = prng.between(0, 3);
  if (mode == 0) return;
  if (mode == 1 || write.truncate) {
    make(bytes, inode, write);
    return;
  }
  const std::string_view what = std::string_view(inode.bytes).substr(write.begin, write.size);
  for (std::size_t begin = 0; begin < what.size();) {
    const std::uint64_t at = write.offset + begin;
    const std::size_t size =
        std::min<std::size_t>(what.size() - begin, io::kSectorBytes - at % io::kSectorBytes);
    if (prng.between(0, 1) == 1) make(bytes, at, what.substr(begin, size));
    begin += size;
  }
  const std::uint64_t end = write.offset + what.size();
  if (bytes.size() < end && prng.between(0, 1) == 1) {
    bytes.resize(prng.between(bytes.size(), end), '\0');
  }
}

void Disk::settle(Inode& inode, Survival survival, base::Prng& prng) {
  if (inode.mapped && survival == Survival::Random) settle_sectors(inode, prng);
  for (const Write& write : inode.waiting) {
    if (survival == Survival::Everything) make(inode.durable, inode, write);
    if (survival == Survival::Random) make_some(inode.durable, inode, write, prng);
  }
  inode.waiting.clear();
  inode.bytes.clear();
}

}  // namespace sim
