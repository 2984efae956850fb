// SPDX-License-Identifier: Apache-2.0
// Storage in one file that is mapped into memory and grows in place (docs/formats/mapped.md).
//
//   [slot 1][slot 1][slot 2][slot 2] ... [batch][batch][batch] ... [room]
//    4 sectors, then up to 4096           begin                end
//
// sync() stores the batch and syncs it, then the slot that says where the log ends, term and vote,
// and syncs that one: entries before the last index, and term and vote in one. Two pairs of slots
// take turns, so that one pair is always whole; both of a pair say the same, so that damage in one
// place takes nothing. A slot is only ever stored over the pair before the last one.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "io/disk.h"
#include "journal/journal.h"
#include "journal/outline.h"
#include "journal/record.h"
#include "journal/storage.h"

namespace journal {

// What a slot says.
struct Slot {
  std::uint64_t number = 0;       // Counts them; the higher one is true.
  std::uint64_t begin = 0;        // Of the batches,
  std::uint64_t end = 0;          // and where the next one comes.
  std::uint32_t first_chain = 0;  // What the first batch continues,
  std::uint32_t chain = 0;        // and what the next one will.
  raft::EntryId first;            // The log before `begin` ended with this entry.
  State state;                    // What all batches lead to.
};
std::string encode_slot(const Slot& slot, const Identity& identity);
// InvalidArgument: of another log or version. Corrupt: damaged. `bytes`: a sector.
base::Result<Slot> decode_slot(std::string_view bytes, const Identity& identity);

class MappedLog final : public Storage {
 public:
  static constexpr const char* kName = "log.mapped";

  // Requires: `disk` outlives the log, and maps files.
  MappedLog(io::Disk& disk, const Config& config)
      : disk_(disk), config_(config), identity_{config.cluster, config.node} {}

  base::Result<Recovered> recover() override;
  void append(const Change& change) override;
  std::uint64_t pending_bytes() const override { return batch_.size(); }
  base::Status sync() override;
  void drop_through(raft::LogIndex index) override;
  base::Result<bool> tend() override;

 private:
  // A place where the log may begin, and the highest index spoken of up to the next mark.
  struct Mark {
    std::uint64_t offset = 0;
    std::uint32_t chain = 0;
    raft::EntryId before;  // The last entry before it.
    raft::LogIndex highest;
  };

  struct Batch {
    std::uint32_t checksum = 0;
    std::string body;
  };

  base::Result<std::string> load_sector(std::uint64_t offset);
  base::Status expect_a_log(std::span<const std::string> slots);
  base::Result<std::optional<std::string>> take_slot(std::string_view sector);
  base::Status read_slots(Recovered& found);
  base::Status play_batches(Replay& replay, Recovered& found);
  base::Result<std::optional<Batch>> load_batch(std::uint64_t stop);
  void remember(std::uint64_t offset, raft::EntryId before);
  base::Status write_batch();
  base::Status make_room(std::uint64_t end);
  base::Status write_slot(const Slot& slot);
  base::Result<bool> do_piece();
  base::Result<bool> move_forward();

  io::Disk& disk_;
  Config config_;
  Identity identity_;
  std::unique_ptr<io::MappedFile> file_;
  Slot slot_;  // The last that is durable.
  std::deque<Mark> marks_;
  std::uint64_t moved_ = 0;  // Bytes of the batches that lie in front of `begin`, too.
  Outline outline_;          // With the batch.
  std::string batch_;
  raft::LogIndex highest_;  // Of the batch.
  raft::LogIndex drop_through_;
  std::optional<base::Error> failure_;
};

}  // namespace journal
