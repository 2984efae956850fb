// SPDX-License-Identifier: Apache-2.0
// Storage in segments of frames (docs/formats/journal.md).
//
//   append append append  ->  batch_  ->  sync(): a frame, one write of whole sectors, durable
//   tend(): zeros ahead of the frames | the file of the next segment, best an old one (spares.h) |
//           old segments go
//
// Zeros are written at twice the pace of the log, so that no batch ever has to make a file longer.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/disk.h"
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/outline.h"
#include "journal/recovery.h"
#include "journal/spares.h"
#include "journal/storage.h"

namespace journal {

class SegmentLog final : public Storage {
 public:
  // Requires: `disk` outlives the log.
  SegmentLog(io::Disk& disk, const Config& config)
      : disk_(disk),
        config_(config),
        identity_{config.cluster, config.node},
        spares_(disk, config.segment_bytes) {}

  base::Result<Recovered> recover() override;
  void append(const Change& change) override;
  std::uint64_t pending_bytes() const override { return batch_.size(); }
  base::Status sync() override;
  void drop_through(raft::LogIndex index) override;
  base::Result<bool> tend() override;

 private:
  base::Status write_batch();
  Descriptor describe(const std::string& body);
  base::Status make_durable(io::File& file, std::uint64_t offset, const Sectors& sectors);
  void move_on(const Descriptor& descriptor);
  base::Result<bool> prepare_next();
  base::Result<bool> do_piece();
  std::uint64_t pace_after(std::uint64_t written) const;
  base::Result<bool> make_room(std::uint64_t written);
  base::Result<bool> prepare_spare();
  base::Status drop_oldest();

  io::Disk& disk_;
  Config config_;
  Identity identity_;
  std::deque<LiveSegment> live_;  // Begun.
  Position position_;
  std::unique_ptr<io::File> prepared_;  // The next segment, if its file is there,
  std::uint64_t prepared_bytes_ = 0;    // with so many zeros.
  Spares spares_;
  bool may_make_spares_ = true;       // False: the disk was full, and nothing went since.
  std::uint64_t written_ = 0;         // Bytes of frames since the last tend(),
  std::uint64_t since_cleaning_ = 0;  // since the last piece of a spare was begun,
  std::uint64_t cleaning_ = 0;        // which has about so many.
  State durable_;                     // What the frames written have led to,
  Outline outline_;                   // and with the batch.
  Sectors sectors_;                   // Memory for a frame.
  std::string batch_;                 // Records,
  bool wide_ = false;                 // some of which want a wide frame.
  raft::LogIndex highest_;            // Of the batch.
  raft::LogIndex drop_through_;
  std::uint32_t starved_ = 0;  // So many calls of tend() do not try again to make room.
  std::optional<base::Error> failure_;
};

}  // namespace journal
