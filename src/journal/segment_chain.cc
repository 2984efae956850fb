// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_chain.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace journal {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

base::Result<std::vector<std::uint64_t>> list_segments(io::Disk& disk) {
  TRY(const std::vector<std::string> names, disk.list());
  std::vector<std::uint64_t> sequences;
  for (const std::string& name : names) {
    if (!is_segment_name(name)) continue;
    const std::optional<std::uint64_t> sequence = segment_sequence(name);
    if (!sequence) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         name + ": not the name of a segment, though it ends like one"};
    }
    sequences.push_back(*sequence);
  }
  return sequences;  // As the names, which are sorted.
}

}  // namespace

base::Result<SegmentChain> chain_segments(io::Disk& disk, const Identity& identity) {
  SegmentChain chain;
  TRY(const std::vector<std::uint64_t> sequences, list_segments(disk));
  std::vector<ChainedSegment> all;
  all.reserve(sequences.size());
  for (const std::uint64_t sequence : sequences) {
    TRY(SegmentReader reader, SegmentReader::open(disk, identity, sequence));
    TRY(const Head head, reader.head());
    all.push_back({std::move(reader), head, kNoLimit, 0});
    chain.highest = sequence;
  }
  while (!all.empty() && !all.back().head.begun) {
    chain.not_begun.insert(chain.not_begun.begin(), all.back().reader.sequence());
    all.pop_back();
  }
  // From the last one back, as each says which one it continues. What lies between is void.
  std::uint64_t wanted = all.empty() ? 0 : all.back().reader.sequence();
  std::uint64_t void_from = kNoLimit;
  for (; !all.empty(); all.pop_back()) {
    ChainedSegment& segment = all.back();
    const std::uint64_t sequence = segment.reader.sequence();
    if (sequence > wanted) {
      chain.void_ones.push_back(sequence);
      continue;
    }
    if (sequence < wanted) chain.live.back().missing = wanted;
    segment.void_from = void_from;
    const std::optional<Link>& link = segment.head.link;
    wanted = link ? link->previous : sequence - 1;
    void_from = link ? std::min(void_from, link->void_from) : void_from;
    chain.live.push_back(std::move(segment));
  }
  std::ranges::reverse(chain.live);
  return chain;
}

}  // namespace journal
