// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "journal/layout.h"
#include "journal/record.h"
#include "journal/recovery.h"
#include "journal/segment_reader.h"
#include "mutant/mutant.h"

namespace journal {

// The writer: the open segment, and the batch that waits for it.
class Journal::State {
 public:
  // Requires: the log in `recovered` is still whole.
  State(io::Disk& disk, const Config& config, Recovered& recovered)
      : disk_(disk),
        config_(config),
        sequence_(recovered.sequence),
        file_(std::move(recovered.file)),
        end_(recovered.end),
        durable_(recovered.replay.summary()),
        pending_(durable_) {
    clear_batch();
  }

  void append(const raft::Effects& effects) {
    CHECK(step_ <= effects.step, step_, effects.step);
    if (failure_ || !effects.must_sync()) return;
    CHECK(step_ < effects.step, step_, effects.step);
    step_ = effects.step;
    write_records(effects, batch_, pending_);
  }

  std::uint64_t pending_bytes() const { return batch_.size() - kFrameHeaderBytes; }

  base::Result<raft::StepNumber> sync() {
    if (failure_ && !MUTANT(DeadJournalRevives)) return *failure_;
    if (pending_bytes() < (MUTANT(SyncsByBytes) ? 64U : 1U)) return step_;
    const base::Status written = write_batch();
    if (!written.ok()) {
      failure_ = written.error();
      batch_ = std::string();
      clear_batch();
      return *failure_;
    }
    durable_ = pending_;
    return step_;
  }

 private:
  void clear_batch() { batch_.assign(kFrameHeaderBytes, '\0'); }

  base::Status write_batch() {
    const bool fits = end_.offset + frame_bytes(pending_bytes()) <= config_.segment_bytes;
    if (!fits && end_.last != 0) {
      TRY([[maybe_unused]] const base::Done rolled, begin_segment());
    }
    TRY([[maybe_unused]] const base::Done written, write_frame(batch_));
    clear_batch();
    return base::Done{};
  }

  // First the new segment, durable with its name; then the seal. So a sealed segment always has a
  // successor, and an unsealed one never has a successor with frames.
  base::Status begin_segment() {
    const SegmentHeader header{config_.cluster,      config_.node,    sequence_ + 1,
                               end_.next.number + 1, end_.next.chain, durable_};
    TRY(std::unique_ptr<io::File> file, create_segment(disk_, header));
    std::string seal(kFrameHeaderBytes, '\0');
    seal += seal_record();
    TRY([[maybe_unused]] const base::Done sealed, write_frame(seal));
    sequence_ += 1;
    file_ = std::move(file);
    end_ = SegmentEnd{};
    end_.next = {header.first_frame, checksum_of_segment_header(encode(header))};
    return base::Done{};
  }

  // `frame`: room for the header, then the records.
  base::Status write_frame(std::string& frame) {
    const std::size_t body_bytes = frame.size() - kFrameHeaderBytes;
    CHECK(body_bytes <= std::numeric_limits<std::uint32_t>::max(), body_bytes);
    frame.resize(frame_bytes(body_bytes), kPadding);
    const FrameHeader header{end_.next.number, static_cast<std::uint32_t>(body_bytes),
                             base::crc32c(std::string_view(frame).substr(kFrameHeaderBytes)),
                             end_.next.chain, zero_sectors(frame, end_.offset)};
    const std::string head = encode(header, {sequence_, end_.offset});
    frame.replace(0, head.size(), head);

    const std::array<std::string_view, 1> parts = {frame};
    TRY([[maybe_unused]] const base::Done written, file_->write(end_.offset, parts));
#ifdef SEAWORTHY_BROKEN
    if (!config_.no_sync)  // Else takes for durable what it has only written.
#endif
    {
      const bool only_hard_state = durable_.next == pending_.next && MUTANT(VotesAreNotSynced);
      base::Status synced = only_hard_state ? base::Status(base::Done{}) : file_->sync();
      if (!synced.ok() && MUTANT(FailedSyncIsRepeated)) synced = file_->sync();
      if (!synced.ok()) return synced;
    }
    end_.last = end_.offset;
    end_.before_last = end_.next.chain;
    end_.offset += frame.size();
    end_.next = {header.number + 1, checksum_of_frame_header(head)};
    return base::Done{};
  }

  io::Disk& disk_;
  Config config_;
  std::uint64_t sequence_;
  std::unique_ptr<io::File> file_;
  SegmentEnd end_;
  Summary durable_;    // What the frames written have led to,
  Summary pending_;    // and with the batch.
  std::string batch_;  // Room for the frame's header, then the records.
  raft::StepNumber step_;
  std::optional<base::Error> failure_;
};

base::Result<Opened> Journal::open(io::Disk& disk, const Config& config) {
  TRY(Recovered recovered, recover(disk, config));
  auto state = std::make_unique<State>(disk, config, recovered);
  return Opened{Journal(std::move(state)), recovered.replay.hard_state,
                std::move(recovered.replay.entries)};
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

void Journal::append(const raft::Effects& effects) { state_->append(effects); }

std::uint64_t Journal::pending_bytes() const { return state_->pending_bytes(); }

base::Result<raft::Receipt> Journal::sync() {
  TRY(const raft::StepNumber step, state_->sync());
  return raft::Receipt(step);
}

}  // namespace journal
