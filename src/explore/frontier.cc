// SPDX-License-Identifier: Apache-2.0
#include "explore/frontier.h"

#include <array>

#include "base/check.h"

namespace explore {

namespace {

// Seven bits a byte, the lowest first; the eighth says that there is more (LEB128).
constexpr std::size_t kMostBytes = 5;

std::uint8_t* write(std::uint8_t* at, std::uint32_t number) {
  while (number >= 0x80U) {
    *at++ = static_cast<std::uint8_t>(number | 0x80U);
    number >>= 7U;
  }
  *at++ = static_cast<std::uint8_t>(number);
  return at;
}

template <class Id>
std::uint8_t* write(std::uint8_t* at, Id id) {
  return write(at, static_cast<std::uint32_t>(id));
}

class Reader {
 public:
  explicit Reader(const std::uint8_t* at) : at_(at) {}
  const std::uint8_t* at() const { return at_; }
  std::uint8_t byte() { return *at_++; }
  std::uint32_t number() {
    std::uint32_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint32_t next = byte();
      number |= (next & 0x7fU) << shift;
      if (next < 0x80U) return number;
    }
  }

 private:
  const std::uint8_t* at_;
};

}  // namespace

void Frontier::push(const State& state) {
  constexpr std::size_t kMostNumbers = 2 + kMaxServers + kMaxFlights;
  std::array<std::uint8_t, kMostNumbers * kMostBytes + sizeof(Budget) + 1> bytes;
  std::uint8_t* at = bytes.data();
  at = write(at, state.id);
  at = write(at, state.history);
  for (const std::uint8_t left : {state.left.timeouts, state.left.heartbeats, state.left.proposals,
                                  state.left.crashes, state.left.losses, state.left.duplicates}) {
    *at++ = left;
  }
  for (std::uint32_t i = 0; i < nodes_; ++i) at = write(at, state.servers[i]);
  *at++ = state.flight_count;
  for (std::size_t i = 0; i < state.flight_count; ++i) at = write(at, state.flights[i]);

  const auto size = static_cast<std::size_t>(at - bytes.data());
  if (blocks_.empty() || blocks_.back().size() + size > kBlockBytes) {
    blocks_.emplace_back().reserve(kBlockBytes);
  }
  blocks_.back().insert(blocks_.back().end(), bytes.data(), at);
  size_ += 1;
}

bool Frontier::pop(State& state) {
  if (size_ == 0) return false;
  if (read_ == blocks_.front().size()) {
    blocks_.pop_front();
    read_ = 0;
  }
  const std::uint8_t* const begin = &blocks_.front()[read_];
  Reader in(begin);
  state.id = StateId{in.number()};
  state.history = HistoryId{in.number()};
  for (std::uint8_t* left : {&state.left.timeouts, &state.left.heartbeats, &state.left.proposals,
                             &state.left.crashes, &state.left.losses, &state.left.duplicates}) {
    *left = in.byte();
  }
  for (std::uint32_t i = 0; i < nodes_; ++i) state.servers[i] = ServerId{in.number()};
  state.flight_count = in.byte();
  CHECK(state.flight_count <= kMaxFlights, unsigned{state.flight_count});
  for (std::size_t i = 0; i < state.flight_count; ++i) state.flights[i] = FlightId{in.number()};
  read_ += static_cast<std::size_t>(in.at() - begin);
  size_ -= 1;
  return true;
}

}  // namespace explore
