// SPDX-License-Identifier: Apache-2.0
#include "check/capture/half_stream.h"

#include <algorithm>
#include <iterator>

namespace check::capture {
namespace {

// Positions begin here, so that bytes before the first one seen have a position, too.
constexpr std::uint64_t kOrigin = std::uint64_t{1} << 32;
// What a waiting piece costs beside its bytes.
constexpr std::size_t kPieceCost = 128;

std::string_view without_front(std::string_view bytes, std::uint64_t size) {
  return bytes.substr(static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size())));
}

}  // namespace

void HalfStream::begin(std::uint32_t sequence, bool at_first_byte) {
  started_ = true;
  next_ = kOrigin + sequence;
  if (at_first_byte) first_ = sequence;
}

// The position nearest to what comes next: numbers wrap around after 2^32 bytes.
std::uint64_t HalfStream::position(std::uint32_t sequence) const {
  const std::uint32_t ahead = sequence - static_cast<std::uint32_t>(next_);
  return ahead < (std::uint32_t{1} << 31) ? next_ + ahead
                                          : next_ - (std::uint64_t{1} << 32) + ahead;
}

bool HalfStream::near(std::uint32_t sequence) const {
  const std::uint64_t at = position(sequence);
  return at > next_ ? at - next_ < kNear : next_ - at < kNear;
}

void HalfStream::give(std::string_view bytes, std::uint64_t whole, ByteSink& sink) {
  if (!bytes.empty()) sink.bytes(bytes);
  if (whole > bytes.size()) sink.gap(whole - bytes.size());
  next_ += whole;
}

void HalfStream::add(std::uint32_t sequence, std::string_view bytes, std::uint32_t whole,
                     ByteSink& sink) {
  std::uint64_t at = position(sequence);
  if (at + whole <= next_) return;  // Sent again, or a probe of a connection that rests.
  std::uint64_t size = whole;
  if (at < next_) {
    bytes = without_front(bytes, next_ - at);
    size -= next_ - at;
    at = next_;
  }
  if (at == next_ && waiting_.empty()) {
    give(bytes, size, sink);
  } else {
    keep(at, bytes, size);
  }
}

// Of what came twice, the first stays.
void HalfStream::keep(std::uint64_t position, std::string_view bytes, std::uint64_t whole) {
  while (whole > 0) {
    const auto after = waiting_.upper_bound(position);
    std::uint64_t known = 0;
    if (after != waiting_.begin()) {
      const auto& [begin, piece] = *std::prev(after);
      if (begin + piece.whole > position) known = begin + piece.whole - position;
    }
    std::uint64_t size = std::min(whole, known);
    if (size == 0) {
      size = after == waiting_.end() ? whole : std::min(whole, after->first - position);
      const std::string_view part =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size())));
      waiting_.emplace_hint(after, position, Piece{std::string(part), size});
      waiting_bytes_ += part.size() + kPieceCost;
    }
    bytes = without_front(bytes, size);
    position += size;
    whole -= size;
  }
}

void HalfStream::end_at(std::uint32_t sequence) {
  if (!end_) end_ = position(sequence);
}

void HalfStream::acknowledge(std::uint32_t sequence) {
  if (!started_) return;
  const std::uint64_t at = position(sequence);
  acknowledged_ = std::max(acknowledged_.value_or(at), at);
}

void HalfStream::give_waiting(ByteSink& sink) {
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    if (first->first > next_) return;
    const Piece piece = std::move(first->second);
    waiting_bytes_ -= piece.bytes.size() + kPieceCost;
    const std::uint64_t known = next_ - first->first;
    waiting_.erase(first);
    if (known < piece.whole) give(without_front(piece.bytes, known), piece.whole - known, sink);
  }
}

std::uint64_t HalfStream::hole_end() const {
  if (!waiting_.empty()) return waiting_.begin()->first;
  if (!acknowledged_) return next_;
  // The end of a stream is acknowledged like a byte. If the packet with the end was lost, too, one
  // byte too much is acknowledged: nothing tells it from a lost byte, and it is the likelier.
  const std::uint64_t last = end_ ? std::min(*acknowledged_, *end_) : *acknowledged_;
  return last > next_ + (end_ ? 0 : 1) ? last : next_;
}

void HalfStream::skip_hole(ByteSink& sink) {
  const std::uint64_t end = hole_end();
  sink.gap(end - next_);
  next_ = end;
  give_waiting(sink);
}

void HalfStream::settle(std::uint64_t now_ns, ByteSink& sink) {
  give_waiting(sink);
  if (hole_end() == next_) return;
  if (hole_at_ != next_) {
    hole_at_ = next_;
    hole_since_ns_ = now_ns;
    hole_packets_ = 0;
  }
  hole_packets_ += 1;
  const bool tried = hole_packets_ > kPatiencePackets ||
                     (now_ns > hole_since_ns_ && now_ns - hole_since_ns_ > kPatienceNs);
  const bool lost = acknowledged_ && *acknowledged_ > next_ && tried;
  if (lost || waiting_bytes_ > kMostWaiting) skip_hole(sink);
}

void HalfStream::hurry(ByteSink& sink) {
  while (!waiting_.empty()) skip_hole(sink);
}

void HalfStream::finish(ByteSink& sink) {
  give_waiting(sink);
  while (hole_end() > next_) {
    if (acknowledged_ && *acknowledged_ <= next_) break;
    skip_hole(sink);
  }
  waiting_.clear();
  waiting_bytes_ = 0;
}

}  // namespace check::capture
