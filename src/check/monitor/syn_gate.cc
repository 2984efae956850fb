// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/syn_gate.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace check::monitor {
namespace {

constexpr std::uint32_t kCopyBytes = 128;  // IP and TCP headers at their longest: 60 + 60.

// A message to the queue; `fill` adds its attributes.
template <class Fill>
std::vector<char> queue_message(std::uint16_t type, std::uint16_t flags, Fill fill) {
  std::vector<char> bytes(256);
  nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
  header->nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_QUEUE << 8) | type);
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  const nfgenmsg family{AF_UNSPEC, NFNETLINK_V0, htons(kGateQueue)};
  std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof family), &family, sizeof family);
  fill(header);
  bytes.resize(header->nlmsg_len);
  return bytes;
}

std::optional<Flow> flow_of_syn(const nlattr& payload) {
  const std::size_t size = mnl_attr_get_payload_len(&payload);
  const auto* bytes = static_cast<const char*>(mnl_attr_get_payload(&payload));
  iphdr ip{};
  if (size < sizeof ip) return std::nullopt;
  std::memcpy(&ip, bytes, sizeof ip);
  const std::size_t ip_size = std::size_t{ip.ihl} * 4;
  tcphdr tcp{};
  if (ip.version != 4 || ip.protocol != IPPROTO_TCP || size < ip_size + sizeof tcp) {
    return std::nullopt;
  }
  std::memcpy(&tcp, bytes + ip_size, sizeof tcp);
  return Flow{{ntohl(ip.saddr), ntohs(tcp.source)}, {ntohl(ip.daddr), ntohs(tcp.dest)}};
}

}  // namespace

base::Result<std::unique_ptr<SynGate>> SynGate::open() {
  sandbox::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd.open()) return sandbox::system_error("the netfilter queue cannot be opened");
  std::unique_ptr<SynGate> gate(new SynGate(std::move(fd)));
  TRY(const base::Done done, gate->configure());
  static_cast<void>(done);
  return gate;
}

base::Status SynGate::configure() {
  TRY(base::Done done, request(queue_message(NFQNL_MSG_CONFIG, NLM_F_ACK, [](nlmsghdr* header) {
        const nfqnl_msg_config_cmd bind{NFQNL_CFG_CMD_BIND, 0, htons(AF_INET)};
        mnl_attr_put(header, NFQA_CFG_CMD, sizeof bind, &bind);
      })));
  TRY(done, request(queue_message(NFQNL_MSG_CONFIG, NLM_F_ACK, [](nlmsghdr* header) {
        const nfqnl_msg_config_params copy{htonl(kCopyBytes), NFQNL_COPY_PACKET};
        mnl_attr_put(header, NFQA_CFG_PARAMS, sizeof copy, &copy);
      })));
  return done;
}

base::Status SynGate::request(const std::vector<char>& message) {
  if (send(fd_.get(), message.data(), message.size(), 0) < 0) {
    return sandbox::system_error("the netfilter queue cannot be configured");
  }
  const ssize_t size = recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
  if (size < 0) return sandbox::system_error("the netfilter queue does not answer");
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data());
  if (!mnl_nlmsg_ok(header, static_cast<int>(size)) || header->nlmsg_type != NLMSG_ERROR) {
    return base::Error{base::ErrorCode::Io, "the netfilter queue answered no acknowledgement"};
  }
  nlmsgerr answer{};
  std::memcpy(&answer, mnl_nlmsg_get_payload(header), sizeof answer);
  if (answer.error != 0) {
    return sandbox::system_error("the netfilter queue refused its configuration", -answer.error);
  }
  return base::Done{};
}

void SynGate::answer(std::uint32_t packet, Verdict verdict) {
  const auto message = queue_message(NFQNL_MSG_VERDICT, 0, [&](nlmsghdr* header) {
    const std::uint32_t code = verdict == Verdict::Forget ? NF_DROP : NF_ACCEPT;
    const nfqnl_msg_verdict_hdr body{htonl(code), htonl(packet)};
    mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof body, &body);
    if (verdict == Verdict::Refuse) mnl_attr_put_u32(header, NFQA_MARK, htonl(kMarkRefused));
  });
  // If this fails the SYN stays in the queue: its sender sees silence and tries again.
  static_cast<void>(send(fd_.get(), message.data(), message.size(), 0));
}

void SynGate::on_ready(std::uint32_t /*events*/) {
  for (;;) {
    const ssize_t size = recv(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && errno == ENOBUFS) continue;  // Some SYNs were lost: their senders try again.
    if (size <= 0) return;
    int left = static_cast<int>(size);
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
      if ((header->nlmsg_type & 0xff) == NFQNL_MSG_PACKET) on_packet(header);
    }
  }
}

void SynGate::on_packet(const void* message) {
  struct Found {
    std::optional<std::uint32_t> packet;
    std::optional<Flow> flow;
  } found;
  const auto look = [](const nlattr* attribute, void* result) {
    auto& into = *static_cast<Found*>(result);
    if (mnl_attr_get_type(attribute) == NFQA_PACKET_HDR) {
      nfqnl_msg_packet_hdr packet{};
      std::memcpy(&packet, mnl_attr_get_payload(attribute), sizeof packet);
      into.packet = ntohl(packet.packet_id);
    }
    if (mnl_attr_get_type(attribute) == NFQA_PAYLOAD) into.flow = flow_of_syn(*attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse(static_cast<const nlmsghdr*>(message), sizeof(nfgenmsg), look, &found);
  if (!found.packet) return;
  if (found.flow) {
    on_syn_({*found.packet, *found.flow});
  } else {
    answer(*found.packet, Verdict::Forget);
  }
}

}  // namespace check::monitor
