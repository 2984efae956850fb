// SPDX-License-Identifier: Apache-2.0
// A disk in memory that does the worst its contract allows (io/disk.h): it fails at the k-th call,
// loses power at the k-th call, and then keeps any legal subset of what was not synced.
//
//   MemoryDisk disk(seed);
//   disk.plan(Fault::PowerCut, 7);     // The 7th call from now on and all later ones fail.
//   ... use it ...
//   disk.crash(Survival::Random);      // Power is back; open Files are dead.
//   ... recover ...
//
// Two pictures of every file and of the directory: what a reader sees, and what is durable; between
// them the operations that wait for a sync. The same seed and calls give the same survivors.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "io/disk.h"

namespace io::testing {

// Error: that one call fails. A write that fails leaves some of its first bytes; a sync that fails
// makes some of the bytes durable and forgets that the others were ever to be (fsyncgate).
// PowerCut: that call and all later ones fail, until crash().
enum class Fault : std::uint8_t { Error, PowerCut };

// What remains of what was not synced.
enum class Survival : std::uint8_t { Nothing, Everything, Random };

class MemoryDisk final : public Disk {
 public:
  explicit MemoryDisk(std::uint64_t seed);

  base::Result<std::vector<std::string>> list() override;
  base::Result<std::unique_ptr<File>> open(const std::string& name) override;
  base::Result<std::unique_ptr<File>> create(const std::string& name) override;
  // Any sectors of what was stored may survive a crash. Each load, store, grow and sync is a call.
  base::Result<std::unique_ptr<MappedFile>> map(const std::string& name) override;
  base::Status rename(const std::string& from, const std::string& to) override;
  base::Status remove(const std::string& name) override;
  base::Status sync_directory() override;
  base::Result<bool> sync_directory_meanwhile() override;

  // The `call`-th call from now, of this and of its Files, has `fault`; 1 is the next.
  void plan(Fault fault, std::uint64_t call);
  // All files together may hold so many bytes; a write that needs more fails, and changes nothing.
  // 0: no end.
  void limit(std::uint64_t capacity) { capacity_ = capacity; }
  // No file can be opened, made or mapped now, as in a process that has no descriptor left.
  void refuse_to_open(bool refuses) { refuses_ = refuses; }
  // What is asked for "meanwhile" is over when it was asked for so many times in vain.
  void be_late(std::uint64_t times) { late_ = times; }
  // No fault is to come any more; power that is off stays off.
  void unplan();
  // Calls so far.
  std::uint64_t calls() const { return calls_; }
  // Calls of File::sync() so far.
  std::uint64_t syncs() const { return syncs_; }

  void crash(Survival survival);

  // What is in a file, both as seen and as durable: for tests that damage it or look at it.
  // Requires: the file exists.
  std::string bytes(const std::string& name) const;
  void set_bytes(const std::string& name, const std::string& bytes);
  // From now on a read of byte `offset` fails. Requires: the file exists.
  void make_unreadable(const std::string& name, std::uint64_t offset);

 private:
  friend class MemoryHandle;
  friend class MemoryFile;
  friend class MappedMemory;

  struct Write {
    std::uint64_t offset = 0;  // With `truncate`: the new size.
    std::string bytes;
    bool truncate = false;
  };
  struct Inode {
    std::string seen;
    std::string durable;
    std::vector<Write> waiting;
    std::optional<std::uint64_t> unreadable;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  // Of the directory. Absent `inode`: `name` is removed.
  struct Link {
    std::string name;
    std::shared_ptr<Inode> inode;
  };

  // What becomes of one call. Off: the power is off since an earlier one.
  enum class Outcome : std::uint8_t { Fine, Fails, PowerCut, Off };
  Outcome count_call();
  base::Status relink(Outcome outcome, std::vector<Link> links, const std::string& what);

  bool has_room(const Inode& inode, std::uint64_t end) const;

  bool coin() { return prng_.between(0, 1) == 1; }
  static void make(std::string& bytes, const Write& write);
  static void link(Names& names, const Link& link);
  void make_some(std::string& bytes, const Write& write);
  void make_survivors(Inode& inode, Survival survival);
  static void make_durable(Inode& inode, std::uint64_t begin, std::uint64_t end);

  base::Prng prng_;
  Names seen_;
  Names durable_;
  std::vector<std::vector<Link>> waiting_;  // Each survives as a whole or not at all.
  std::uint64_t calls_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t fault_at_ = 0;
  Fault fault_ = Fault::Error;
  std::uint64_t capacity_ = 0;
  bool refuses_ = false;
  std::uint64_t late_ = 0;
  std::uint64_t asked_ = 0;  // In vain, for a sync of the directory.
  std::uint64_t life_ = 0;   // Counts crashes: Files of an earlier life are dead.
};

}  // namespace io::testing
