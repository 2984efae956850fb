// SPDX-License-Identifier: Apache-2.0
#include "check/faults/link_probe.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace check::faults {

namespace {

struct Datagram {
  std::uint64_t magic = 0;
  std::uint64_t round = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};
constexpr std::chrono::microseconds kLook{500};       // A datagram takes about a tenth of that.
constexpr std::uint64_t kMagic = 0x736561776f727468;  // "seaworth"

sockaddr_in address_of(const std::string& address) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(LinkProbe::kPort);
  (void)inet_pton(AF_INET, address.c_str(), &result.sin_addr);
  return result;
}

base::Result<int> bound_socket(const std::string& address) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const sockaddr_in own = address_of(address);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    return base::Error{base::ErrorCode::Io,
                       fmt::format("cannot open the link probe's socket on {} UDP port {}: {}",
                                   address, LinkProbe::kPort, std::strerror(reason))};
  }
  return fd;
}

}  // namespace

base::Result<std::unique_ptr<LinkProbe>> LinkProbe::open(sandbox::Sandbox& sandbox) {
  std::unique_ptr<LinkProbe> probe(new LinkProbe(sandbox));
  for (std::uint32_t k = 1; k <= sandbox.nodes(); ++k) {
    const history::NodeId node{k};
    TRY([[maybe_unused]] auto opened, sandbox.in_network_of(node, [&]() -> base::Status {
      TRY(probe->sockets_[node], bound_socket(sandbox.address(node)));
      return base::Done{};
    }));
  }
  return probe;
}

LinkProbe::~LinkProbe() {
  for (const auto& [node, fd] : sockets_) ::close(fd);
}

LinkProbe::Round::Round(LinkProbe& probe, const Pairs& pairs, int copies) : probe_(probe) {
  {
    const std::lock_guard lock(probe_.mutex_);
    number_ = ++probe_.last_round_;
    probe_.arrived_[number_];
  }
  for (int copy = 0; copy < copies; ++copy) probe_.send(number_, pairs);
}

LinkProbe::Round::~Round() {
  const std::lock_guard lock(probe_.mutex_);
  probe_.arrived_.erase(number_);
}

LinkProbe::Pairs LinkProbe::Round::arrived() const {
  const std::lock_guard lock(probe_.mutex_);
  probe_.collect();
  return probe_.arrived_.at(number_);
}

LinkProbe::Pairs LinkProbe::reached(const Pairs& pairs, std::chrono::milliseconds wait) {
  const Round round(*this, pairs, 1);
  const auto end = std::chrono::steady_clock::now() + wait;
  while (true) {
    // Asked first: however late this thread is, it looks once more after the end.
    const bool over = std::chrono::steady_clock::now() >= end;
    Pairs arrived = round.arrived();
    if (over || arrived.size() == pairs.size()) return arrived;
    std::this_thread::sleep_for(kLook);
  }
}

void LinkProbe::send(std::uint64_t round, const Pairs& pairs) const {
  for (const history::DirectedPair& pair : pairs) {
    const Datagram datagram{kMagic, round, pair.from.value, pair.to.value};
    const sockaddr_in to = address_of(sandbox_.address(pair.to));
    // A send that the kernel refuses at once is a probe that does not arrive.
    (void)sendto(sockets_.at(pair.from), &datagram, sizeof datagram, MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
}

// Whoever looks takes in what came for all rounds.
void LinkProbe::collect() {
  for (const auto& [node, fd] : sockets_) {
    Datagram datagram;
    while (true) {
      const ssize_t got = recv(fd, &datagram, sizeof datagram, MSG_DONTWAIT);
      if (got < 0) break;  // Empty, or an ICMP error of an earlier send: neither is an arrival.
      const bool ours = got == static_cast<ssize_t>(sizeof datagram) && datagram.magic == kMagic;
      const auto round = arrived_.find(datagram.round);
      if (!ours || datagram.to != node.value || round == arrived_.end()) continue;
      round->second.insert(history::DirectedPair{{datagram.from}, {datagram.to}});
    }
  }
}

}  // namespace check::faults
