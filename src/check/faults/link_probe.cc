// SPDX-License-Identifier: Apache-2.0
#include "check/faults/link_probe.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace check::faults {

namespace {

struct Datagram {
  std::uint64_t magic = 0;
  std::uint64_t round = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};
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

std::set<history::DirectedPair> LinkProbe::reached(const std::set<history::DirectedPair>& pairs,
                                                   std::chrono::milliseconds wait) {
  const std::lock_guard lock(mutex_);
  rounds_ += 1;
  for (const history::DirectedPair& pair : pairs) {
    const Datagram datagram{kMagic, rounds_, pair.from.value, pair.to.value};
    const sockaddr_in to = address_of(sandbox_.address(pair.to));
    // A send that the kernel refuses at once is a probe that does not arrive.
    (void)sendto(sockets_.at(pair.from), &datagram, sizeof datagram, MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  std::vector<pollfd> polled;
  for (const auto& [node, fd] : sockets_) polled.push_back({fd, POLLIN, 0});
  std::set<history::DirectedPair> arrived;
  const auto end = std::chrono::steady_clock::now() + wait;
  while (arrived.size() < pairs.size()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    if (poll(polled.data(), polled.size(), static_cast<int>(left.count())) > 0) {
      collect(rounds_, arrived);
    }
  }
  return arrived;
}

void LinkProbe::collect(std::uint64_t round, std::set<history::DirectedPair>& arrived) {
  for (const auto& [node, fd] : sockets_) {
    Datagram datagram;
    while (true) {
      const ssize_t got = recv(fd, &datagram, sizeof datagram, MSG_DONTWAIT);
      if (got < 0) break;  // Empty, or an ICMP error of an earlier send: neither is an arrival.
      const bool ours = got == static_cast<ssize_t>(sizeof datagram) && datagram.magic == kMagic;
      if (!ours || datagram.round != round || datagram.to != node.value) continue;
      arrived.insert(history::DirectedPair{{datagram.from}, {datagram.to}});
    }
  }
}

}  // namespace check::faults
