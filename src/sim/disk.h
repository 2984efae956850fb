// SPDX-License-Identifier: Apache-2.0
// A disk in memory that keeps io/disk.h to the letter: a crash leaves any legal subset of what was
// not synced, sector by sector; a failed sync makes some bytes durable and forgets the rest
// (fsyncgate); a process that ends loses nothing that it wrote. A mapped file (io/mapped_file.h) is
// the same with another rule: each sector is there as it was at some moment since its last sync.
//
//   seen    [################]   what a reader gets
//   waiting        [##][####]    writes since the last sync, in order
//   durable [##########]         what a crash cannot take away
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "io/disk.h"
#include "sim/fuse.h"
#include "sim/run_hash.h"

namespace sim {

// What a crash leaves of what was not synced.
enum class Survival : std::uint8_t { Nothing, Everything, Random };

class Disk final : public io::Disk {
 public:
  // Requires: both outlive the Disk.
  Disk(Fuse& fuse, RunHash& hash) : fuse_(fuse), hash_(hash) {}

  base::Result<std::vector<std::string>> list() override;
  base::Result<std::unique_ptr<io::File>> open(const std::string& name) override;
  base::Result<std::unique_ptr<io::File>> create(const std::string& name) override;
  base::Result<std::unique_ptr<io::MappedFile>> map(const std::string& name) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& name) override;
  base::Status sync_directory() override;

  // Syncs of files that succeeded so far.
  std::uint64_t syncs() const { return syncs_; }
  // Files that became shorter, and files that were made, so far.
  std::uint64_t cuts() const { return cuts_; }
  std::uint64_t made() const { return made_; }
  // Was anything written that is not synced?
  bool dirty() const { return dirty_; }

  // The power is gone and back. True: something of what was written is lost.
  bool crash(Survival survival, std::uint64_t seed);

  // Turns one bit of what is stored, or makes a sector zeros, at a place that `seed` tells: in the
  // file that is returned. Nothing: nothing is stored.
  std::optional<std::string> damage(std::uint64_t seed);
  // The same, in the newest snapshot.
  std::optional<std::string> spoil(std::uint64_t seed);
  // The next write goes to another sector of its file, and says that it went well.
  void misdirect(std::uint64_t seed) { misdirect_ = seed; }
  bool misdirecting() const { return misdirect_ != 0; }

 private:
  friend class DiskFile;
  friend class DiskMapping;

  struct Write {
    std::uint64_t offset = 0;  // With `truncate`: the new size.
    std::uint64_t begin = 0;   // Where its bytes are in Inode::bytes.
    std::uint64_t size = 0;
    bool truncate = false;
    bool zeros = false;
  };
  struct Inode {
    std::string seen;
    std::string durable;
    std::vector<Write> waiting;
    std::string bytes;       // Of all waiting writes.
    std::uint64_t last = 0;  // Where the last write began that was synced and is not cut off.
    bool mapped = false;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  // Of the directory. Absent `inode`: `name` is removed.
  struct Link {
    std::string name;
    std::shared_ptr<Inode> inode;
  };

  static base::Error refused(Fuse::Call call, const std::string& what);
  base::Status relink(Fuse::Call call, std::vector<Link> links, const std::string& what);
  static std::optional<std::string> damage(const Names& names, base::Prng& prng);
  static std::optional<std::string> turn_bit(const Names& names, base::Prng& prng);
  static std::optional<std::string> lose_sector(const Names& names, base::Prng& prng);
  static void link(Names& names, const Link& link);
  static void make(std::string& bytes, std::uint64_t offset, std::string_view what);
  static void make(std::string& bytes, const Inode& inode, const Write& write);
  static void make_some(std::string& bytes, const Inode& inode, const Write& write,
                        base::Prng& prng);
  static void settle(Inode& inode, Survival survival, base::Prng& prng);
  static void settle_sectors(Inode& inode, base::Prng& prng);

  Fuse& fuse_;
  RunHash& hash_;
  Names seen_;
  Names durable_;
  std::vector<std::vector<Link>> waiting_;  // Each survives as a whole or not at all.
  std::uint64_t syncs_ = 0;
  std::uint64_t cuts_ = 0;
  std::uint64_t made_ = 0;
  std::uint64_t failures_ = 0;  // Seeds what failed calls leave behind.
  std::uint64_t misdirect_ = 0;
  bool dirty_ = false;
};

}  // namespace sim
