// SPDX-License-Identifier: Apache-2.0
// A network as bad as one likes, for tests of what must bear it: some datagrams are lost, sent
// twice, overtaken by the next one, or changed in one bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "os/net.h"

namespace transport {

class Unreliable {
 public:
  // Shares of all datagrams, 0..1, each drawn by itself.
  struct Rates {
    double loss = 0;
    double duplicate = 0;
    double reorder = 0;
    double corrupt = 0;
    std::uint64_t seed = 0;
  };
  struct Datagram {
    os::Address to;
    std::string bytes;
  };

  explicit Unreliable(const Rates& rates) : rates_(rates), prng_(rates.seed) {}

  // What leaves now in place of `datagram`: nothing, it, it twice, and one that was held back.
  std::vector<Datagram> pass(Datagram datagram);

 private:
  bool draw(double share);

  Rates rates_;
  base::Prng prng_;
  std::optional<Datagram> held_;
};

}  // namespace transport
