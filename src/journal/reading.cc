// SPDX-License-Identifier: Apache-2.0
#include "journal/reading.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "mutant/mutant.h"

namespace journal {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

class Reader {
 public:
  Reader(io::Disk& disk, const Identity& identity) : disk_(disk), identity_(identity) {}

  base::Result<Reading> read() {
    for (;;) {
      TRY(const bool done, read_once());
      if (done) return std::move(out_);
    }
  }

 private:
  // False: a frame turned out not to be playable; read again up to it.
  base::Result<bool> read_once() {
    out_ = {};
    unfinished_.reset();
    TRY(out_.chain, chain_segments(disk_, identity_));
    if (out_.chain.live.empty()) return read_nothing();
    for (std::size_t i = 0; i < out_.chain.live.size() && !out_.damage; ++i) {
      TRY(const bool playable, read_segment(i));
      if (!playable) return false;
    }
    if (!out_.damage) {
      TRY([[maybe_unused]] const base::Done looked, look_behind_the_end());
    }
    if (out_.damage) {
      raise_floor();
      if (unfinished_) out_.findings.push_back(*unfinished_);
    }
    return true;
  }

  base::Result<bool> read_nothing() {
    const std::vector<std::uint64_t>& files = out_.chain.not_begun;
    // The second may have been made for a first frame that fills the first.
    out_.fresh = files.empty() || (files.size() <= 2 && files.front() == 1);
    if (out_.fresh) return true;
    out_.findings.push_back(
        {segment_name(files.front()), std::nullopt, "what was before it is missing"});
    out_.damage.emplace();
    raise_floor();
    return true;
  }

  base::Result<bool> read_segment(std::size_t i) {
    ChainedSegment& segment = out_.chain.live[i];
    TRY(const bool follows, read_head(i));
    if (!follows) return true;
    out_.live.push_back({segment.reader.sequence(), {}});
    out_.replay.highest = {};
    out_.offset = io::kSectorBytes;
    out_.last_frame = 0;
    out_.sealed = false;
    while (!out_.sealed && out_.due.number != segment.void_from && !out_.damage) {
      TRY(const Look look, segment.reader.look(out_.offset, out_.due));
      if (out_.due.number == stop_at_) {
        TRY([[maybe_unused]] const base::Done lost, lose(i, stop_because_, look));
        break;
      }
      if (look.what != Look::What::Whole) {
        TRY(const bool end, is_end(i, look));
        if (end) break;
        continue;
      }
      if (!play_frame(i, *look.frame)) return false;
    }
    out_.live.back().highest = out_.replay.highest;
    return true;
  }

  // Whether the segment continues what was read; the first one begins it.
  base::Result<bool> read_head(std::size_t i) {
    const ChainedSegment& segment = out_.chain.live[i];
    const std::optional<Link>& link = segment.head.link;
    std::string wrong;
    std::string file = segment.reader.name();
    std::optional<std::uint64_t> at = 0;
    if (segment.missing != 0) {
      at.reset();
      wrong = "missing, though there is " + std::exchange(file, segment_name(segment.missing));
    } else if (!link) {
      wrong = "the segment header and the first frame are damaged";
    } else if (i > 0 && !continues(*link)) {
      wrong = "the segment does not continue the one before it";
    }
    if (!wrong.empty()) {
      out_.findings.push_back({file, at, wrong});
      TRY([[maybe_unused]] const base::Done traced, trace_from(i, 0));
      if (i > 0) out_.damage->segment = i - 1;
      const bool is_first = segment.reader.sequence() == 1;  // No repair begins that one.
      if (!link && !is_first && !follows_a_sealed_one(i)) look_for_the_floor(i);
      return false;
    }
    if (i == 0) {
      out_.replay.hard_state = link->state.hard_state;
      out_.replay.base = link->state.last;
      out_.replay.floor = link->state.floor;
      out_.replay.compacted = link->previous != 0;
    }
    out_.due = {link->first_frame, link->chain};
    if (segment.head.flawed || segment.head.absent) {
      Rewrite header{i, 0, {}};
      add_sector(encode_segment_header(identity_, segment.reader.sequence(), *link),
                 header.sectors);
      out_.rewrites.push_back(std::move(header));
    }
    if (segment.head.flawed) {
      out_.findings.push_back(
          {file, 0, "the segment header is damaged; the first frame repeats it"});
    }
    return true;
  }

  bool continues(const Link& link) {
    if (link.void_from != out_.due.number || link.chain != out_.due.chain) return false;
    if (link.void_from < link.first_frame) {  // After a repair, which knew more.
      out_.replay.hard_state = link.state.hard_state;
      out_.replay.floor = link.state.floor;
    }
    const State state = out_.replay.state();
    return link.state.hard_state == state.hard_state && link.state.last == state.last &&
           link.state.floor == state.floor;
  }

  // False if it cannot be played: what it holds is not what it says.
  bool play_frame(std::size_t i, const Frame& frame) {
    const ChainedSegment& segment = out_.chain.live[i];
    const Descriptor& descriptor = frame.descriptor;
    const base::Status played = play(frame.body, out_.offset, out_.replay);
    const bool as_told = played.ok() && descriptor.hard_state == out_.replay.hard_state &&
                         descriptor.last == out_.replay.last();
    if (!as_told) {
      stop_at_ = out_.due.number;
      stop_because_ = "frame " + std::to_string(out_.due.number) + " makes no sense" +
                      (played.ok() ? std::string() : " (" + played.error().message + ")");
      return false;
    }
    const std::string name = "frame " + std::to_string(out_.due.number);
    if (unfinished_) out_.findings.push_back(*std::exchange(unfinished_, std::nullopt));
    if (frame.flaw) {
      out_.findings.push_back({segment.reader.name(), out_.offset + *frame.flaw,
                               name + " is damaged where it does not matter"});
    } else if (frame.unfinished) {  // As a crash leaves it, unless another follows.
      unfinished_ = Finding{segment.reader.name(), out_.offset,
                            name + " has lost a sector that does not matter"};
    }
    if (frame.flaw || frame.unfinished) {
      Rewrite again{i, out_.offset, {}};
      add_frame(descriptor, frame.body, identity_, again.sectors);
      out_.rewrites.push_back(std::move(again));
    }
    out_.sealed = descriptor.seals;
    out_.last_frame = out_.offset;
    out_.due = {out_.due.number + 1, descriptor.checksum(identity_)};
    out_.offset = descriptor.end();
    return true;
  }

  // No whole frame where one is due: the log ends here, or it is damaged.
  base::Result<bool> is_end(std::size_t i, const Look& look) {
    const bool last = i + 1 == out_.chain.live.size();
    const std::string frame = "frame " + std::to_string(out_.due.number);
    if (look.what == Look::What::Damaged) {
      TRY([[maybe_unused]] const base::Done lost, lose(i, frame + " is damaged", look));
      return false;
    }
    TRY(const Traces behind,
        out_.chain.live[i].reader.trace(out_.offset, kNoLimit, out_.due.number + 1,
                                        out_.chain.live[i].void_from));
    const bool cut = last && (behind.highest == 0 || MUTANT(FramesBehindATornOneAreIgnored));
    if (cut) return true;
    TRY([[maybe_unused]] const base::Done lost,
        lose(i, frame + " is not there as a whole, though another follows it", look));
    return false;
  }

  // A sealed segment has a successor; and what was damaged may be a frame that was written to the
  // wrong place.
  base::Status look_behind_the_end() {
    const std::size_t last = out_.chain.live.size() - 1;
    const std::uint64_t after = out_.chain.live[last].reader.sequence() + 1;
    const bool there = std::ranges::find(out_.chain.not_begun, after) != out_.chain.not_begun.end();
    if (out_.sealed && !there) {
      out_.findings.push_back(
          {segment_name(after), std::nullopt, "missing, though the one before it is sealed"});
      out_.damage.emplace();
      out_.damage->segment = last;
      return base::Done{};
    }
    if (out_.findings.empty()) return base::Done{};
    Traces elsewhere;
    for (std::size_t i = 0; i <= last; ++i) {
      ChainedSegment& segment = out_.chain.live[i];
      // An unfinished frame lies behind the end.
      const std::uint64_t end = i == last ? out_.offset : kNoLimit;
      TRY(const Traces found, segment.reader.trace(0, end, out_.due.number, segment.void_from));
      elsewhere.add(found);
    }
    if (elsewhere.highest == 0) return base::Done{};
    out_.findings.push_back(
        {out_.chain.live[last].reader.name(), out_.offset,
         "frame " + std::to_string(out_.due.number) + " was written elsewhere"});
    out_.damage.emplace();
    out_.damage->segment = last;
    out_.damage->lost = elsewhere;
    return base::Done{};
  }

  // The frame that is due is lost, and all behind it.
  base::Status lose(std::size_t i, const std::string& what, const Look& look) {
    out_.findings.push_back({out_.chain.live[i].reader.name(), out_.offset, what});
    TRY([[maybe_unused]] const base::Done traced, trace_from(i, out_.offset));
    out_.damage->segment = i;
    const bool last = i + 1 == out_.chain.live.size();
    if (out_.damage->lost.highest == 0) out_.damage->lone = look.lone && last;
    return base::Done{};
  }

  // Of what was lost with the frame at `offset`, and before it what was written to a wrong place.
  base::Status trace_from(std::size_t i, std::uint64_t offset) {
    out_.damage.emplace();
    Traces& lost = out_.damage->lost;
    for (std::size_t k = 0; k < out_.chain.live.size(); ++k) {
      ChainedSegment& segment = out_.chain.live[k];
      const bool begins = k > i || (k == i && offset == 0);
      if (const std::optional<Link>& link = segment.head.link; link && begins) {
        lost.add({link->first_frame - 1, link->state.hard_state, segment.reader.sequence(),
                  io::kSectorBytes, false, std::max(link->state.last, link->state.floor),
                  link->state.last});
      }
      TRY(const Traces found,
          segment.reader.trace(0, kNoLimit, out_.due.number, segment.void_from));
      lost.add(found);
    }
    return lost.highest == 0 ? base::Status(base::Done{}) : look_behind_traces();
  }

  // The rule; what begins otherwise was begun by a repair, or comes after a compaction.
  bool follows_a_sealed_one(std::size_t i) const {
    const std::vector<ChainedSegment>& live = out_.chain.live;
    return i > 0 && out_.sealed && live[i].reader.sequence() == live[i - 1].reader.sequence() + 1;
  }

  // Of a floor that the log had when segment `i` was begun, only its link tells, or a later one.
  void look_for_the_floor(std::size_t i) {
    const std::vector<ChainedSegment>& live = out_.chain.live;
    const bool told =
        std::any_of(live.begin() + static_cast<std::ptrdiff_t>(i), live.end(),
                    [](const ChainedSegment& each) { return each.head.link.has_value(); });
    if (!told) out_.damage->hidden = true;
  }

  // The last frames may have lost header and trailer, too, and with them all that they tell.
  base::Status look_behind_traces() {
    Damage& damage = *out_.damage;
    const Traces& lost = damage.lost;
    ChainedSegment& last = out_.chain.live.back();
    const bool sealed_last = lost.seals && lost.sequence == last.reader.sequence();
    // What begins behind the segment with the last trace has lost even its header.
    damage.hidden = lost.sequence != last.reader.sequence() ||
                    (sealed_last && std::ranges::find(out_.chain.not_begun, lost.sequence + 1) ==
                                        out_.chain.not_begun.end());
    if (damage.hidden || sealed_last) return base::Done{};
    TRY(const Look behind, last.reader.look(lost.end, {lost.highest + 1, 0}));
    damage.lone = behind.lone;
    damage.hidden = behind.what == Look::What::Damaged && !behind.lone;
    return base::Done{};
  }

  // What may have been promised, and is not in the log any more, by what was found last.
  void raise_floor() {
    const Traces& lost = out_.damage->lost;
    raft::EntryId floor = lost.highest == 0 ? out_.replay.last() : lost.last;
    if (lost.highest != 0 && lost.hard_state.term >= out_.replay.hard_state.term) {
      out_.replay.hard_state = lost.hard_state;
    }
    const bool unknown = out_.damage->hidden || (lost.highest == 0 && !out_.damage->lone);
    if (unknown || MUTANT(AnyDamageIsBeyondRepair)) {
      floor = kUnknownFloor;
    } else if (out_.damage->lone) {
      // Term and vote do not change in a frame of one sector, nor does the base.
      floor = {out_.replay.hard_state.term,
               std::max(floor.index, lost.own.index).plus(kEntriesOfASector)};
    }
    out_.findings.back().floor = floor;
    out_.replay.floor = std::max(out_.replay.floor, floor);
    if (out_.replay.last() >= out_.replay.floor) out_.replay.floor = {};
    if (MUTANT(FloorIsForgotten)) out_.replay.floor = {};
  }

  io::Disk& disk_;
  Identity identity_;
  Reading out_;
  std::optional<Finding> unfinished_;  // If another frame follows.
  std::uint64_t stop_at_ = 0;          // The frame with this number cannot be played.
  std::string stop_because_;
};

}  // namespace

base::Result<Reading> read_segments(io::Disk& disk, const Identity& identity) {
  return Reader(disk, identity).read();
}

}  // namespace journal
