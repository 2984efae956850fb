// SPDX-License-Identifier: Apache-2.0
#include "transport/unreliable.h"

namespace transport {

bool Unreliable::draw(double share) {
  constexpr std::uint64_t kScale = 1'000'000;
  return prng_.between(1, kScale) <= static_cast<std::uint64_t>(share * kScale);
}

std::vector<Unreliable::Datagram> Unreliable::pass(Datagram datagram) {
  std::vector<Datagram> leaving;
  if (draw(rates_.loss)) return leaving;
  if (draw(rates_.corrupt) && !datagram.bytes.empty()) {
    const std::uint64_t bit = prng_.between(0, 8 * datagram.bytes.size() - 1);
    char& byte = datagram.bytes[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
  }
  const bool twice = draw(rates_.duplicate);
  if (!held_ && draw(rates_.reorder)) {
    held_ = std::move(datagram);
    return leaving;
  }
  if (twice) leaving.push_back(datagram);
  leaving.push_back(std::move(datagram));
  if (held_) leaving.push_back(*std::exchange(held_, std::nullopt));
  return leaving;
}

}  // namespace transport
