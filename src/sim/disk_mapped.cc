// SPDX-License-Identifier: Apache-2.0
// The mapped files of a Disk.
#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "sim/disk.h"

namespace sim {

namespace {

constexpr std::uint64_t kPageBytes = 4096;
// A write that goes elsewhere is of what lies behind: of slots in the first page, two say the same,
// and an old one beside a damaged one would be two faults at once.
constexpr std::uint64_t kFirstMisdirected = kPageBytes / io::kSectorBytes;

}  // namespace

class DiskMapping final : public io::MappedFile {
 public:
  DiskMapping(Disk& disk, std::string name, std::shared_ptr<Disk::Inode> inode)
      : disk_(disk), name_(std::move(name)), inode_(std::move(inode)) {}

  std::uint64_t size_bytes() const override { return inode_->seen.size(); }

  base::Status load(std::uint64_t offset, std::span<char> into) override {
    CHECK(offset <= size_bytes() && into.size() <= size_bytes() - offset, offset, into.size());
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call != Fuse::Call::Fine) return Disk::refused(call, name_ + ": load");
    std::copy_n(inode_->seen.data() + offset, into.size(), into.data());
    return base::Done{};
  }

  base::Status store(std::uint64_t offset, std::string_view bytes) override {
    CHECK(offset <= size_bytes() && bytes.size() <= size_bytes() - offset, offset, bytes.size());
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call == Fuse::Call::Off) return Disk::refused(call, name_ + ": store");
    if (call == Fuse::Call::Fails) {  // A page on the way could not be read; those before it could.
      base::Prng prng(disk_.failures_++);
      const std::uint64_t page = (offset + prng.between(0, bytes.size())) / kPageBytes * kPageBytes;
      bytes = bytes.substr(0, page > offset ? page - offset : 0);
    }
    disk_.hash_.mix(offset);
    disk_.hash_.mix(bytes);
    change({offset, inode_->bytes.size(), bytes.size(), false, false}, bytes);
    if (call == Fuse::Call::Fails) return Disk::refused(call, name_ + ": store");
    return base::Done{};
  }

  base::Status grow(std::uint64_t size_bytes) override {
    CHECK(size_bytes > this->size_bytes(), size_bytes);
    const Fuse::Call call = disk_.fuse_.call(true);
    if (call != Fuse::Call::Fine) return Disk::refused(call, name_ + ": grow");
    disk_.hash_.mix(size_bytes);
    change({size_bytes, 0, 0, true, false}, {});
    return base::Done{};
  }

  base::Status sync(std::uint64_t offset, std::uint64_t size_bytes) override {
    const Fuse::Call call = disk_.fuse_.call(false);
    if (call == Fuse::Call::Off) return Disk::refused(call, name_ + ": sync");
    if (call != Fuse::Call::Fine) {
      base::Prng prng(disk_.failures_++);
      Disk::settle(*inode_, Survival::Random, prng);
      return Disk::refused(call, name_ + ": sync");
    }
    disk_.syncs_ += 1;
    disk_.dirty_ = false;
    const std::uint64_t end = offset + size_bytes;
    const std::uint64_t sector = any_sector(offset, end);
    const std::string was = durable_sector(sector);
    make_durable(offset / kPageBytes * kPageBytes,
                 (end + kPageBytes - 1) / kPageBytes * kPageBytes);
    if (disk_.misdirect_ != 0 && sector >= kFirstMisdirected) misdirect(sector, was);
    if (offset >= kPageBytes) inode_->last = offset;
    return base::Done{};
  }

 private:
  void change(const Disk::Write& write, std::string_view bytes) {
    inode_->bytes += bytes;
    Disk::make(inode_->seen, *inode_, write);
    inode_->waiting.push_back(write);
    disk_.dirty_ = true;
  }

  std::uint64_t any_sector(std::uint64_t begin, std::uint64_t end) const {
    base::Prng prng(disk_.misdirect_);
    return prng.between(begin / io::kSectorBytes, (end - 1) / io::kSectorBytes);
  }

  std::string durable_sector(std::uint64_t sector) const {
    std::string bytes(io::kSectorBytes, '\0');
    const std::uint64_t begin = std::min(sector * io::kSectorBytes, inode_->durable.size());
    bytes.replace(0, std::min(io::kSectorBytes, inode_->durable.size() - begin), inode_->durable,
                  begin, io::kSectorBytes);
    return bytes;
  }

  // What was written to `sector`, where `was` lay, goes to one before it.
  void misdirect(std::uint64_t sector, const std::string& was) {
    const std::string bytes = durable_sector(sector);
    if (bytes == was) return;
    base::Prng prng(std::exchange(disk_.misdirect_, 0));
    Disk::make(inode_->durable, prng.between(0, sector - 1) * io::kSectorBytes, bytes);
    Disk::make(inode_->durable, sector * io::kSectorBytes, was);
  }

  // What was stored from `begin` to `end`, and the size.
  void make_durable(std::uint64_t begin, std::uint64_t end) {
    std::vector<Disk::Write> left;
    for (const Disk::Write& write : inode_->waiting) {
      const std::uint64_t last = write.offset + write.size;
      if (write.truncate) {
        Disk::make(inode_->durable, *inode_, write);
        continue;
      }
      const std::uint64_t from = std::clamp(begin, write.offset, last);
      const std::uint64_t to = std::clamp(end, write.offset, last);
      const std::uint64_t inside = write.begin + (from - write.offset);
      if (to > from) {
        Disk::make(inode_->durable, from,
                   std::string_view(inode_->bytes).substr(inside, to - from));
      }
      if (to <= from) {
        left.push_back(write);
        continue;
      }
      if (from > write.offset) {
        left.push_back({write.offset, write.begin, from - write.offset, false, false});
      }
      if (to < last) left.push_back({to, inside + (to - from), last - to, false, false});
    }
    inode_->waiting = std::move(left);
    if (inode_->waiting.empty()) inode_->bytes.clear();
  }

  Disk& disk_;
  std::string name_;
  std::shared_ptr<Disk::Inode> inode_;
};

base::Result<std::unique_ptr<io::MappedFile>> Disk::map(const std::string& name) {
  const auto found = seen_.find(name);
  const bool is_new = found == seen_.end();
  const Fuse::Call call = fuse_.call(is_new);
  auto inode = is_new ? std::make_shared<Inode>() : found->second;
  if (is_new) {
    TRY([[maybe_unused]] const base::Done done, relink(call, {{name, inode}}, name + ": map"));
    made_ += 1;
  } else if (call != Fuse::Call::Fine) {
    return refused(call, name + ": map");
  }
  inode->mapped = true;
  return std::unique_ptr<io::MappedFile>(std::make_unique<DiskMapping>(*this, name, inode));
}

// The file is as long as it was at some moment; of each sector in it, the first so and so many
// stores are there, each by itself.
void Disk::settle_sectors(Inode& inode, base::Prng& prng) {
  std::map<std::uint64_t, std::vector<Write>> stores;  // By sector.
  for (const Write& write : inode.waiting) {
    if (write.truncate && prng.between(0, 3) > 0) make(inode.durable, inode, write);
    if (write.truncate) continue;
    const std::uint64_t end = write.offset + write.size;
    for (std::uint64_t at = write.offset; at < end;) {
      const std::uint64_t next = std::min(end, (at / io::kSectorBytes + 1) * io::kSectorBytes);
      stores[at / io::kSectorBytes].push_back(
          {at, write.begin + (at - write.offset), next - at, false, false});
      at = next;
    }
  }
  for (const auto& [sector, parts] : stores) {
    const std::uint64_t end =
        std::min<std::uint64_t>(inode.durable.size(), (sector + 1) * io::kSectorBytes);
    const std::uint64_t kept = prng.between(0, parts.size());
    for (std::uint64_t i = 0; i < kept; ++i) {
      if (parts[i].offset + parts[i].size <= end) make(inode.durable, inode, parts[i]);
    }
  }
  inode.waiting.clear();
}

}  // namespace sim
