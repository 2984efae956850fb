// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_reader.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/check.h"
#include "journal/record.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 20U;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

}  // namespace

void Traces::add(const Traces& other) {
  const raft::EntryId both = std::max(last, other.last);
  if (other.highest >= highest) *this = other;  // Nothing was found: 0 and all that comes with it.
  last = both;
}

base::Result<SegmentReader> SegmentReader::open(io::Disk& disk, const Identity& identity,
                                                std::uint64_t sequence) {
  TRY(std::unique_ptr<io::File> file, disk.open(segment_name(sequence)));
  TRY(const std::uint64_t size_bytes, file->size_bytes());
  return SegmentReader(identity, sequence, std::move(file), size_bytes);
}

base::Result<Head> SegmentReader::head() {
  Head head;
  TRY(const std::string_view first, sector(0));
  const base::Result<Link> link = decode_segment_header(first, identity_, sequence_);
  if (!link.ok() && link.error().code != base::ErrorCode::Corrupt) {
    return base::Error{link.error().code, name() + ": " + link.error().message};
  }
  // A header without the end of its stamp was never written as a whole.
  head.absent = !link.ok() && first.back() == '\0';
  head.flawed = !link.ok() && !head.absent;
  if (link.ok()) head.link = link.value();
  if (!link.ok()) {
    TRY(head.link, link_of_first_frame());
    // The first of all continues nothing: its header tells nothing that is not known.
    if (!head.link && sequence_ == 1 && head.flawed) head.link = Link{};
  }
  TRY(head.begun, has_begun(head.link, head.flawed));
  return head;
}

base::Result<std::optional<Link>> SegmentReader::link_of_first_frame() {
  TRY(const std::string_view bytes, sector(io::kSectorBytes));
  const std::optional<Descriptor> found = descriptor_in(bytes, Place::Header, identity_);
  if (!found || found->sequence != sequence_ || found->offset() != io::kSectorBytes) {
    return std::optional<Link>();
  }
  TRY(const Look look, this->look(io::kSectorBytes, {found->number, found->chain}));
  if (look.what != Look::What::Whole) return std::optional<Link>();
  return read_link_record(look.frame->body);
}

base::Result<bool> SegmentReader::has_begun(const std::optional<Link>& link, bool flawed) {
  if (link) {
    TRY(const Look look, this->look(io::kSectorBytes, {link->first_frame, link->chain}));
    if (look.what != Look::What::Missing) return true;
    TRY(const Traces later, trace(io::kSectorBytes, kNoLimit, link->first_frame + 1, kNoLimit));
    return later.highest != 0;
  }
  if (flawed) {  // A header is written together with the first frame.
    TRY(const bool prepared, zeros_from(io::kSectorBytes));
    return !prepared;
  }
  // Traces of a first frame alone are those of one that was never finished.
  for (std::uint64_t begin = io::kSectorBytes; begin < size_bytes_; begin += io::kSectorBytes) {
    TRY(const std::string_view bytes, sector(begin));
    for (const Place place : {Place::Header, Place::Trailer}) {
      const std::optional<Descriptor> found = descriptor_in(bytes, place, identity_);
      if (found && found->offset() != io::kSectorBytes) return true;
    }
  }
  return false;
}

base::Result<Look> SegmentReader::look(std::uint64_t offset, const FrameLink& due) {
  Look look;
  TRY(const std::optional<Descriptor> descriptor, describe(offset, due));
  if (!descriptor) {
    TRY(const std::string_view first, sector(offset));
    if (judge(first, due.number, 0) == Sector::Unwritten) return look;
    look.what = Look::What::Damaged;
    TRY(look.lone, zeros_from(offset + io::kSectorBytes));
    return look;
  }
  // Longer than the file by more than its last sector: no need to look for what is not there.
  if (descriptor->end() >= size_bytes_ + io::kSectorBytes) {
    look.frame.emplace();
    look.frame->descriptor = *descriptor;
    look.frame->unfinished = true;
    return look;
  }
  TRY(const std::string_view bytes, at(offset, descriptor->sectors() * io::kSectorBytes));
  look.frame = gather(*descriptor, bytes, identity_);
  if (look.frame->whole) {
    look.what = Look::What::Whole;
  } else if (!look.frame->unfinished && !MUTANT(DamageIsTakenForATornEnd)) {
    look.what = Look::What::Damaged;
  }
  return look;
}

// By the header, or else by the trailer.
base::Result<std::optional<Descriptor>> SegmentReader::describe(std::uint64_t offset,
                                                                const FrameLink& due) {
  const auto is_due = [&](const std::optional<Descriptor>& found) {
    return found && found->sequence == sequence_ && found->offset() == offset &&
           found->number == due.number && found->chain == due.chain;
  };
  TRY(std::string_view bytes, sector(offset));
  const std::optional<Descriptor> header = descriptor_in(bytes, Place::Header, identity_);
  if (is_due(header)) return header;
  for (std::uint64_t begin = offset; begin < size_bytes_; begin += io::kSectorBytes) {
    TRY(bytes, sector(begin));
    const std::optional<Descriptor> trailer = descriptor_in(bytes, Place::Trailer, identity_);
    if (is_due(trailer) && trailer->end() == begin + io::kSectorBytes) return trailer;
  }
  return std::optional<Descriptor>();
}

base::Result<Traces> SegmentReader::trace(std::uint64_t begin, std::uint64_t end,
                                          std::uint64_t from, std::uint64_t below) {
  Traces traces;
  for (; begin < std::min(end, size_bytes_); begin += io::kSectorBytes) {
    TRY(const std::string_view bytes, sector(begin));
    for (const Place place : {Place::Header, Place::Trailer}) {
      const std::optional<Descriptor> found = descriptor_in(bytes, place, identity_);
      if (!found || found->number < from || found->number >= below) continue;
      // What a frame behind another one that is lost has dropped, its low-water mark tells; the
      // floor that takes the place of it (journal.cc: reconcile) is in that frame alone.
      const bool drops = found->number > from && found->durable > found->last.index;
      const raft::EntryId dropped{found->hard_state.term, found->durable};
      traces.add({found->number, found->hard_state, found->sequence, found->end(), found->seals,
                  drops ? std::max(found->last, dropped) : found->last, found->last});
    }
  }
  return traces;
}

base::Result<bool> SegmentReader::zeros_from(std::uint64_t offset) {
  while (offset < size_bytes_) {
    const std::uint64_t size = std::min(kWindowBytes, size_bytes_ - offset);
    TRY(const std::string_view bytes, at(offset, size));
    if (!all_zeros(bytes)) return false;
    offset += size;
  }
  return true;
}

base::Status SegmentReader::write_again(std::uint64_t begin, std::uint64_t end) {
  if (MUTANT(RecoveryTrustsTheCache)) return base::Done{};
  TRY(const std::string_view bytes, at(begin, end - begin));
  Sectors sectors;
  for (std::uint64_t i = 0; i < bytes.size(); i += io::kSectorBytes) {
    add_sector(bytes.substr(i, io::kSectorBytes), sectors);
  }
  return write(begin, sectors);
}

base::Status SegmentReader::write(std::uint64_t offset, const Sectors& sectors) {
  window_.clear();  // It may have been read.
  size_bytes_ = std::max<std::uint64_t>(size_bytes_, offset + sectors.size() * io::kSectorBytes);
  return file_->write_durably(offset, bytes_of(sectors));
}

base::Status SegmentReader::cut(std::uint64_t size_bytes) {
  window_.clear();
  size_bytes_ = std::min(size_bytes_, size_bytes);
  TRY([[maybe_unused]] const base::Done cut, file_->truncate(size_bytes));
  return file_->sync();
}

base::Result<std::string_view> SegmentReader::at(std::uint64_t begin, std::uint64_t size) {
  const bool inside = begin >= window_begin_ && begin - window_begin_ <= window_.size() &&
                      size <= window_.size() - (begin - window_begin_);
  if (!inside) {
    const std::uint64_t left = begin < size_bytes_ ? size_bytes_ - begin : 0;
    const std::uint64_t wanted = std::max(size, std::min(kWindowBytes, left));
    window_.assign(wanted, '\0');
    window_begin_ = begin;
    TRY(const std::size_t count,
        file_->read(begin, std::span(window_.data(), std::min(wanted, left))));
    if (count < std::min(wanted, left)) {
      window_.clear();
      return base::Error{base::ErrorCode::Io,
                         name() + ": the file became shorter while it was read"};
    }
  }
  return std::string_view(window_).substr(begin - window_begin_, size);
}

}  // namespace journal
