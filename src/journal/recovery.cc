// SPDX-License-Identifier: Apache-2.0
#include "journal/recovery.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mutant/mutant.h"

namespace journal {

namespace {

base::Error corrupt(const std::string& what) { return {base::ErrorCode::Corrupt, what}; }

// How many segments there are; they are called 1, 2, 3 and so on.
base::Result<std::uint64_t> count_segments(io::Disk& disk) {
  TRY(const std::vector<std::string> names, disk.list());
  std::uint64_t count = 0;
  for (const std::string& name : names) {
    if (!is_segment_name(name)) continue;
    const std::optional<std::uint64_t> sequence = segment_sequence(name);
    if (!sequence) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         name + ": not the name of a segment, though it ends like one"};
    }
    count += 1;
    if (*sequence != count) {
      return corrupt(segment_name(count) + ": missing, though there is " + name);
    }
  }
  return count;
}

// A new log.
base::Result<Recovered> begin(io::Disk& disk, const Config& config) {
  const SegmentHeader header{config.cluster, config.node, 1, 1, 0, {}};
  Recovered fresh;
  fresh.sequence = 1;
  TRY(fresh.file, create_segment(disk, header));
  fresh.end.next.chain = checksum_of_segment_header(encode(header));
  return fresh;
}

class Recovery {
 public:
  Recovery(io::Disk& disk, const Config& config, std::uint64_t segments)
      : disk_(disk), config_(config), segments_(segments) {}

  base::Result<Recovered> run() {
    for (std::uint64_t sequence = 1; sequence <= segments_; ++sequence) {
      TRY(SegmentReader reader, SegmentReader::open(disk_, sequence));
      TRY(const std::optional<SegmentHeader> header, reader.header());
      if (!header && sequence == 1 && segments_ == 1) return begin_again(reader);
      if (!header) return reader.corrupt("the segment has no header", 0);
      TRY([[maybe_unused]] const base::Done fits, check_header(*header, reader));
      const FrameLink next{end_.next.number, checksum_of_segment_header(encode(*header))};
      before_ = end_;
      TRY(end_, reader.play_frames(next, replay_));
      if (!replay_.sealed) return finish(sequence, std::move(reader));
      replay_.sealed = false;
    }
    return corrupt(segment_name(segments_ + 1) +
                   ": missing, though the segment before it is sealed");
  }

 private:
  // A crash came between creation and first sync: nothing can have been promised.
  base::Result<Recovered> begin_again(SegmentReader& reader) {
    TRY(const bool used, reader.has_frames());
    if (used) return reader.corrupt("the segment has frames but no header", 0);
    TRY([[maybe_unused]] const base::Done gone, disk_.remove(segment_name(1)));
    return begin(disk_, config_);
  }

  base::Status check_header(const SegmentHeader& header, const SegmentReader& reader) const {
    if (header.cluster != config_.cluster || header.node != config_.node) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         segment_name(header.sequence) + ": of node " +
                             std::to_string(header.node.value) + " of cluster " +
                             std::to_string(header.cluster) + ", but this is node " +
                             std::to_string(config_.node.value) + " of cluster " +
                             std::to_string(config_.cluster)};
    }
    const bool continues = header.first_frame == end_.next.number &&
                           header.chain == end_.before_last && header.summary == replay_.summary();
    if (!continues) return reader.corrupt("the segment does not continue the one before it", 0);
    return base::Done{};
  }

  // `sequence` is the first that is not sealed: here the log ends.
  base::Result<Recovered> finish(std::uint64_t sequence, SegmentReader reader) {
    if (sequence < segments_) {
      TRY([[maybe_unused]] const base::Done gone, remove_unused(sequence, reader));
    }
    // Zeros are cut off, too: the first half of a frame that failed to be written over them would
    // look like damage. And where nothing is: an earlier recovery may have cut, and failed.
    const std::uint64_t size = MUTANT(TornTailIsNotCut) ? reader.size_bytes() : end_.offset;
    TRY([[maybe_unused]] const base::Done cut, reader.file().truncate(size));
    // Only the last frame can be short of durable; of a segment without frames, its header and the
    // seal before it.
    TRY([[maybe_unused]] const base::Done last, reader.write_again(end_.last, end_.offset));
    if (end_.last == 0 && sequence > 1) {
      TRY(SegmentReader sealed, SegmentReader::open(disk_, sequence - 1));
      TRY([[maybe_unused]] const base::Done seal, sealed.write_again(before_.last, before_.offset));
    }
    TRY([[maybe_unused]] const base::Done names, disk_.sync_directory());
    return Recovered{std::move(replay_), sequence, std::move(reader).take_file(), end_};
  }

  base::Status remove_unused(std::uint64_t sequence, const SegmentReader& reader) {
    TRY(SegmentReader next, SegmentReader::open(disk_, sequence + 1));
    TRY(const bool used, next.has_frames());
    if (used || sequence + 1 < segments_) {
      return reader.corrupt("the segment ends without a seal, though the next one is in use,",
                            end_.offset);
    }
    return disk_.remove(segment_name(sequence + 1));
  }

  io::Disk& disk_;
  const Config& config_;
  std::uint64_t segments_;
  Replay replay_;
  SegmentEnd end_;
  SegmentEnd before_;
};

}  // namespace

base::Result<Recovered> recover(io::Disk& disk, const Config& config) {
  TRY(const std::uint64_t segments, count_segments(disk));
  return segments > 0 ? Recovery(disk, config, segments).run() : begin(disk, config);
}

base::Result<std::unique_ptr<io::File>> create_segment(io::Disk& disk,
                                                       const SegmentHeader& header) {
  TRY(std::unique_ptr<io::File> file, disk.create(segment_name(header.sequence)));
  const std::string bytes = encode(header);
  const std::array<std::string_view, 1> parts = {bytes};
  TRY([[maybe_unused]] const base::Done written, file->write(0, parts));
  if (!MUTANT(NewSegmentIsNotSynced)) {
    TRY([[maybe_unused]] const base::Done synced, file->sync());
  }
  if (!MUTANT(DirectoryIsNotSynced)) {
    TRY([[maybe_unused]] const base::Done named, disk.sync_directory());
  }
  return file;
}

}  // namespace journal
