// SPDX-License-Identifier: Apache-2.0
#include "journal/recovery.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/crc32c.h"
#include "journal/frame.h"
#include "journal/reading.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

// Makes what was read durable, and the rest go.
class Settlement {
 public:
  Settlement(io::Disk& disk, const Identity& identity, Reading reading)
      : disk_(disk), identity_(identity), in_(std::move(reading)) {}

  base::Result<RecoveredSegments> settle() {
    out_.live.assign(in_.live.begin(), in_.live.end());
    TRY([[maybe_unused]] const base::Done written, rewrite());
    TRY([[maybe_unused]] const base::Done ready, in_.fresh    ? begin()
                                                 : in_.damage ? repair()
                                                              : finish());
    TRY([[maybe_unused]] const base::Done names, disk_.sync_directory());
    out_.replay = std::move(in_.replay);
    out_.findings = std::move(in_.findings);
    return std::move(out_);
  }

 private:
  base::Status rewrite() {
    for (const Rewrite& each : in_.rewrites) {
      TRY([[maybe_unused]] const base::Done written,
          in_.chain.live[each.segment].reader.write(each.offset, each.sectors));
    }
    return base::Done{};
  }

  base::Status begin() {
    Position& position = out_.position;
    position.sequence = 1;
    if (in_.chain.not_begun.empty()) {
      TRY(position.file, create_segment(disk_, 1));
      return base::Done{};
    }
    TRY(position.file, open_emptied(1));
    return remove_the_rest(1);
  }

  base::Result<std::unique_ptr<io::File>> open_emptied(std::uint64_t sequence) {
    TRY(SegmentReader reader, SegmentReader::open(disk_, identity_, sequence));
    TRY(const bool zeros, reader.zeros_from(0));
    if (!zeros) {
      TRY([[maybe_unused]] const base::Done cut, reader.cut(0));
    }
    return reader.take_file();
  }

  base::Status finish() {
    SegmentReader& reader = in_.chain.live.back().reader;
    TRY(const bool zeros, reader.zeros_from(in_.offset));
    if (!zeros && !MUTANT(TornTailIsNotCut)) {
      TRY([[maybe_unused]] const base::Done cut, reader.cut(in_.offset));
    }
    // Only the last frame can be short of durable, with the header if it is the first.
    TRY([[maybe_unused]] const base::Done again,
        reader.write_again(in_.last_frame == io::kSectorBytes ? 0 : in_.last_frame, in_.offset));
    const std::uint64_t after = reader.sequence() + 1;
    const bool there = std::ranges::find(in_.chain.not_begun, after) != in_.chain.not_begun.end();
    std::unique_ptr<io::File> next;
    if (there) {
      TRY(next, open_emptied(after));
    }
    Position& position = out_.position;
    position.next = in_.due;
    if (in_.sealed) {
      position.sequence = after;
      position.file = std::move(next);
      position.previous = reader.sequence();
    } else {
      position.sequence = reader.sequence();
      position.file = reader.take_file();
      position.offset = in_.offset;
      position.last_frame = in_.last_frame;
      out_.prepared = std::move(next);
    }
    TRY(position.size_bytes, position.file->size_bytes());
    std::erase(in_.chain.not_begun, after);
    return remove_the_rest(0);
  }

  // A new segment that continues the good part: from when it is durable, the rest is void.
  base::Status repair() {
    Link link;
    link.previous = 0;
    if (in_.damage->segment) link.previous = in_.chain.live[*in_.damage->segment].reader.sequence();
    link.void_from = in_.due.number;
    link.first_frame = std::max(in_.due.number, in_.damage->lost.highest) + 1;
    link.chain = in_.due.chain;
    link.state = in_.replay.state();
    const std::string body = link_record(link);
    Descriptor descriptor;
    descriptor.sequence = static_cast<std::uint32_t>(in_.chain.highest + 1);
    descriptor.first_sector = 1;
    descriptor.number = link.first_frame;
    descriptor.body_bytes = static_cast<std::uint32_t>(body.size());
    descriptor.body_checksum = base::crc32c(body);
    descriptor.chain = link.chain;
    descriptor.wide = true;
    descriptor.durable = in_.replay.last().index;
    descriptor.hard_state = in_.replay.hard_state;
    descriptor.last = in_.replay.last();
    Sectors sectors;
    add_sector(encode_segment_header(identity_, descriptor.sequence, link), sectors);
    add_frame(descriptor, body, identity_, sectors);

    Position& position = out_.position;
    position.sequence = descriptor.sequence;
    TRY(position.file, create_segment(disk_, descriptor.sequence));
    TRY([[maybe_unused]] const base::Done durable,
        position.file->write_durably(0, bytes_of(sectors)));
    position.offset = descriptor.end();
    position.last_frame = descriptor.offset();
    position.size_bytes = position.offset;
    position.next = {link.first_frame + 1, descriptor.checksum(identity_)};
    const std::size_t kept = in_.damage->segment ? *in_.damage->segment + 1 : 0;
    out_.live.resize(std::min(out_.live.size(), kept));
    out_.live.push_back({position.sequence, {}});
    for (std::size_t i = kept; i < in_.chain.live.size(); ++i) {
      in_.chain.void_ones.push_back(in_.chain.live[i].reader.sequence());
    }
    return remove_the_rest(position.sequence);
  }

  base::Status remove_the_rest(std::uint64_t but) {
    for (const auto* sequences : {&in_.chain.void_ones, &in_.chain.not_begun}) {
      for (const std::uint64_t sequence : *sequences) {
        if (sequence == but) continue;
        TRY([[maybe_unused]] const base::Done gone, disk_.remove(segment_name(sequence)));
      }
    }
    return base::Done{};
  }

  io::Disk& disk_;
  Identity identity_;
  Reading in_;
  RecoveredSegments out_;
};

}  // namespace

base::Result<RecoveredSegments> recover_segments(io::Disk& disk, const Config& config) {
  const Identity identity{config.cluster, config.node};
  TRY(Reading reading, read_segments(disk, identity));
  return Settlement(disk, identity, std::move(reading)).settle();
}

base::Result<std::vector<Finding>> find_damage(io::Disk& disk, const Config& config) {
  TRY(Reading reading, read_segments(disk, {config.cluster, config.node}));
  return std::move(reading.findings);
}

base::Result<std::unique_ptr<io::File>> create_segment(io::Disk& disk, std::uint64_t sequence) {
  TRY(std::unique_ptr<io::File> file, disk.create(segment_name(sequence)));
  if (!MUTANT(DirectoryIsNotSynced)) {
    TRY([[maybe_unused]] const base::Done named, disk.sync_directory());
  }
  return file;
}

}  // namespace journal
