// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/udp_relay.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "check/monitor/sockets.h"
#include "check/wire/datagram.h"

namespace check::monitor {
namespace {

constexpr std::size_t kSenders = 256;
constexpr std::size_t kDelayed = 65536;                   // Datagrams that wait for their time.
constexpr std::size_t kHeldBytes = std::size_t{1} << 20;  // Of a held link.
constexpr std::uint64_t kOvertakenNs = 10'000'000;        // If none comes that could overtake.
constexpr int kReceivesAtOnce = 256;
constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::size_t kFragmentBytes = 1480;  // Of an Ethernet frame of 1500 bytes.

}  // namespace

base::Result<std::unique_ptr<UdpRelay>> UdpRelay::open(Loop& loop, LinkTable& links,
                                                       TrafficLog* traffic,
                                                       MessageContext* messages) {
  TRY(auto socket, receive_for_others());
  std::unique_ptr<UdpRelay> relay(new UdpRelay(loop, links, traffic, std::move(socket)));
  if (messages != nullptr && wire::make_datagram_decoder(messages->protocol) != nullptr) {
    UdpRelay& self = *relay;
    relay->talks_.emplace(
        loop, links, *messages,
        [&self](Link& link, const Endpoint& from, const Endpoint& to, std::string bytes) {
          self.admit(link, {from, to, std::move(bytes)});
        });
  }
  TRY([[maybe_unused]] const auto done, loop.add(relay->socket_.get(), EPOLLIN, *relay));
  return relay;
}

UdpRelay::UdpRelay(Loop& loop, LinkTable& links, TrafficLog* traffic, sandbox::Fd socket)
    : loop_(loop), links_(links), traffic_(traffic), socket_(std::move(socket)), buffer_(65536) {}

std::uint16_t UdpRelay::port() const { return local_endpoint(socket_.get()).port; }

void UdpRelay::on_ready(std::uint32_t /*events*/) {
  for (int i = 0; i < kReceivesAtOnce && receive(); ++i) continue;
}

bool UdpRelay::receive() {
  sockaddr_in source{};
  iovec place{buffer_.data(), buffer_.size()};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr message{};
  message.msg_name = &source;
  message.msg_namelen = sizeof source;
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
  if (size < 0) return false;
  sockaddr_in destination{};
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
       item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level == SOL_IP && item->cmsg_type == IP_ORIGDSTADDR) {
      std::memcpy(&destination, CMSG_DATA(item), sizeof destination);
    }
  }
  Datagram datagram{from_sockaddr(source), from_sockaddr(destination),
                    std::string(buffer_.data(), static_cast<std::size_t>(size))};
  Link* link = links_.find(datagram.from.address, datagram.to.address);
  if (link != nullptr) take(*link, std::move(datagram));
  return true;
}

void UdpRelay::take(Link& link, Datagram datagram) {
  link.chunks.add(1);
  link.datagram.received.add(1);
  link.datagram.received_bytes.add(datagram.bytes.size());
  const bool taken = talks_ && talks_->hear(link, datagram.from, datagram.to, datagram.bytes);
  if (!taken) admit(link, std::move(datagram));
}

void UdpRelay::settle(std::uint64_t ticket, Settled settled) {
  if (talks_) talks_->settle(ticket, settled);
}

// The one place that decides what becomes of a datagram, after those who watch messages.
void UdpRelay::admit(Link& link, Datagram datagram) {
  const bool lost = link.prng.between(1, kMillion) <= link.faults.udp_loss_ppm;
  const bool twice = link.prng.between(1, kMillion) <= link.faults.udp_duplicate_ppm;
  const bool overtaken = link.prng.between(1, kMillion) <= link.faults.udp_reorder_ppm;
  const std::uint64_t delay = link.draw_delay_ns();
  if (lost) {
    lose(link, datagram);
    return;
  }
  if (twice) {
    Datagram copy = datagram;
    copy.fate = TrafficLog::Fate::Duplicated;
    send_later(link, std::move(copy), delay);
  }
  if (delay > 0 || overtaken) datagram.fate = TrafficLog::Fate::Delayed;
  if (overtaken && !queues_[link.pair].overtaken) {
    Queue& queue = queues_[link.pair];
    queue.overtaken = std::move(datagram);
    queue.overtaken_number = next_number_++;
    loop_.at(loop_.now_ns() + delay + kOvertakenNs,
             [this, &link, &queue, number = queue.overtaken_number] {
               if (!queue.overtaken || queue.overtaken_number != number) return;
               send_or_hold(link, *std::exchange(queue.overtaken, std::nullopt));
             });
    return;
  }
  send_later(link, std::move(datagram), delay);
}

void UdpRelay::send_later(Link& link, Datagram datagram, std::uint64_t delay_ns) {
  if (delay_ns == 0) {
    send_in_turn(link, std::move(datagram));
    return;
  }
  if (delayed_.size() >= kDelayed) {
    lose(link, datagram);
    return;
  }
  const std::uint64_t number = next_number_++;
  delayed_.emplace(number, std::move(datagram));
  loop_.at(loop_.now_ns() + delay_ns, [this, &link, number] {
    auto node = delayed_.extract(number);
    send_in_turn(link, std::move(node.mapped()));
  });
}

// Sends, and behind it the one it has overtaken.
void UdpRelay::send_in_turn(Link& link, Datagram datagram) {
  send_or_hold(link, std::move(datagram));
  const auto queue = queues_.find(link.pair);
  if (queue == queues_.end() || !queue->second.overtaken) return;
  send_or_hold(link, *std::exchange(queue->second.overtaken, std::nullopt));
}

void UdpRelay::send_or_hold(Link& link, Datagram datagram) {
  if (link.held) {
    hold(link, std::move(datagram));
  } else {
    send(link, datagram);
  }
}

void UdpRelay::hold(Link& link, Datagram datagram) {
  Queue& queue = queues_[link.pair];
  if (queue.held_bytes + datagram.bytes.size() > kHeldBytes) {
    lose(link, datagram);
    return;
  }
  queue.held_bytes += datagram.bytes.size();
  queue.held.push_back(std::move(datagram));
}

void UdpRelay::release(DirectedPair pair) {
  const auto found = queues_.find(pair);
  Link* link = links_.find(pair);
  if (found == queues_.end() || link == nullptr) return;
  for (const Datagram& datagram : found->second.held) send(*link, datagram);
  found->second.held.clear();
  found->second.held_bytes = 0;
}

void UdpRelay::send(Link& link, const Datagram& datagram) {
  const int fd = sender_for(datagram.from);
  const sockaddr_in to = to_sockaddr(datagram.to);
  const ssize_t size = fd < 0
                           ? -1
                           : sendto(fd, datagram.bytes.data(), datagram.bytes.size(), MSG_DONTWAIT,
                                    reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (size < 0) {  // The network's loss (a cut, a full queue), not ours.
    link.datagram.unsent.add(1);
    return;
  }
  link.bytes.add(datagram.bytes.size());
  link.datagram.sent.add(1);
  link.datagram.extra_fragments.add((datagram.bytes.size() + 7) / kFragmentBytes);
  if (traffic_ != nullptr) {
    traffic_->record(datagram.from, datagram.to, datagram.bytes, datagram.fate);
  }
}

void UdpRelay::lose(Link& link, const Datagram& datagram) {
  link.dropped.add(1);
  if (traffic_ != nullptr) {
    traffic_->record(datagram.from, datagram.to, datagram.bytes, TrafficLog::Fate::Lost);
  }
}

int UdpRelay::sender_for(const Endpoint& source) {
  const auto found = senders_.find(source);
  if (found != senders_.end()) {
    uses_.splice(uses_.begin(), uses_, found->second.use);
    return found->second.fd.get();
  }
  auto opened = send_as(source);
  if (!opened.ok()) return -1;
  if (senders_.size() >= kSenders) {
    senders_.erase(uses_.back());
    uses_.pop_back();
  }
  uses_.push_front(source);
  return senders_.emplace(source, Sender{std::move(opened).value(), uses_.begin()})
      .first->second.fd.get();
}

}  // namespace check::monitor
