// SPDX-License-Identifier: Apache-2.0
#include "check/sniff/packet_ring.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>

namespace check::sniff {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kFrameBytes = 2048;  // Of no meaning in this version, but checked.
// A block that is not full is handed over after this time.
constexpr unsigned kBlockMs = 2;
constexpr std::size_t kAddressAt =
    (sizeof(tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT;
constexpr std::uint64_t kNanoseconds = 1'000'000'000;

template <class Value>
bool set(int socket, int option, const Value& value) {
  return setsockopt(socket, SOL_PACKET, option, &value, sizeof value) == 0;
}

capture::Packet packet_of(const tpacket3_hdr& head, const unsigned char* at) {
  capture::Packet packet;
  packet.time_ns = head.tp_sec * kNanoseconds + head.tp_nsec;
  packet.link = capture::Link::Ethernet;
  packet.bytes = {reinterpret_cast<const char*>(at) + head.tp_mac, head.tp_snaplen};
  packet.whole = head.tp_len;
  const auto* address = reinterpret_cast<const sockaddr_ll*>(at + kAddressAt);
  packet.interface = static_cast<std::uint32_t>(address->sll_ifindex);
  return packet;
}

}  // namespace

base::Result<std::unique_ptr<PacketRing>> PacketRing::open(std::size_t megabytes) {
  // Nothing is received before the ring is there: protocol 0 until bind().
  sandbox::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!socket.open()) return sandbox::system_error("cannot open a packet socket");
  tpacket_req3 request{};
  request.tp_block_size = kBlockBytes;
  request.tp_block_nr = static_cast<unsigned>(megabytes);
  request.tp_frame_size = kFrameBytes;
  request.tp_frame_nr = static_cast<unsigned>(megabytes * (kBlockBytes / kFrameBytes));
  request.tp_retire_blk_tov = kBlockMs;
  const bool ready = set(socket.get(), PACKET_VERSION, int{TPACKET_V3}) &&
                     set(socket.get(), PACKET_IGNORE_OUTGOING, int{1}) &&
                     set(socket.get(), PACKET_RX_RING, request);
  if (!ready) return sandbox::system_error("cannot set up a ring for packets");
  std::unique_ptr<PacketRing> ring(new PacketRing(std::move(socket), megabytes));
  const int fd = ring->socket_.get();
  void* memory = mmap(nullptr, megabytes * kBlockBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return sandbox::system_error("cannot map the ring for packets");
  ring->memory_ = static_cast<unsigned char*>(memory);
  sockaddr_ll everywhere{};
  everywhere.sll_family = AF_PACKET;
  everywhere.sll_protocol = htons(ETH_P_IP);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&everywhere), sizeof everywhere) != 0) {
    return sandbox::system_error("cannot listen to packets");
  }
  return ring;
}

PacketRing::~PacketRing() {
  if (memory_ != nullptr) munmap(memory_, blocks_ * kBlockBytes);
}

unsigned char* PacketRing::block(std::size_t number) const {
  return memory_ + number * kBlockBytes;
}

bool PacketRing::take(std::chrono::milliseconds limit,
                      const std::function<void(const capture::Packet&)>& use) {
  auto* head = reinterpret_cast<tpacket_block_desc*>(block(next_));
  const auto ours = [head] {
    return (__atomic_load_n(&head->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0;
  };
  if (!ours()) {
    pollfd wait{socket_.get(), POLLIN, 0};
    (void)poll(&wait, 1, static_cast<int>(limit.count()));
    if (!ours()) return false;
  }
  const unsigned char* at = block(next_) + head->hdr.bh1.offset_to_first_pkt;
  for (unsigned i = 0; i < head->hdr.bh1.num_pkts; ++i) {
    const auto& packet = *reinterpret_cast<const tpacket3_hdr*>(at);
    use(packet_of(packet, at));
    at += packet.tp_next_offset;
  }
  __atomic_store_n(&head->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  next_ = (next_ + 1) % blocks_;
  return true;
}

std::uint64_t PacketRing::lost() {
  tpacket_stats_v3 counts{};
  socklen_t size = sizeof counts;
  // The kernel counts from the last time it was asked.
  if (getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0) {
    lost_ += counts.tp_drops;
  }
  return lost_;
}

}  // namespace check::sniff
