// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/redirect.h"

#include <linux/netlink.h>
#include <netinet/in.h>

#include <array>
#include <utility>
#include <vector>

#include "check/monitor/packet.h"
#include "check/monitor/syn_gate.h"
#include "check/sandbox/sandbox.h"

namespace check::monitor {
namespace {

using sandbox::Hook;
using sandbox::NftRule;

constexpr const char* kTable = "seaworthy_monitor";
constexpr const char* kLinks = "links";
constexpr const char* kDatagrams = "datagrams";
constexpr const char* kStray = "stray";
constexpr std::array<std::uint8_t, 2> kProtocols{IPPROTO_TCP, IPPROTO_UDP};
constexpr std::int32_t kGatePriority = sandbox::kCutPriority + 10;
constexpr std::uint8_t kSynMask = kSyn | kAck | kReset | kFin;

enum class GateWay : std::uint8_t { Queue, TargetQueue };

// Calls `add` with the beginning of each rule that it takes to match the ports: one if there are
// none, for any port.
template <class Add>
void for_each_port(std::span<const std::uint16_t> ports, bool both_ways, Add add) {
  if (ports.empty()) add(NftRule());
  for (const std::uint16_t port : ports) {
    add(NftRule().destination_port(port));
    if (both_ways) add(NftRule().source_port(port));
  }
}

std::vector<sandbox::AddressPair> all_pairs(const LinkTable& links) {
  std::vector<sandbox::AddressPair> pairs;
  for (const std::uint32_t from : links.addresses()) {
    for (const std::uint32_t to : links.addresses()) {
      if (from != to) pairs.push_back({from, to});
    }
  }
  return pairs;
}

void add_gate(sandbox::NftTransaction& change, std::span<const std::uint16_t> ports, GateWay way) {
  change.add_chain({"gate", Hook::Prerouting, kGatePriority});
  for_each_port(ports, false, [&](NftRule rule) {
    rule.protocol(IPPROTO_TCP).tcp_flags(kSynMask, kSyn).load_addresses().in_set(kLinks);
    way == GateWay::Queue ? rule.queue(kGateQueue) : rule.target_queue(kGateQueue);
    change.add_rule("gate", rule);
  });
}

void add_redirect(sandbox::NftTransaction& change, const Redirect::Targets& targets,
                  std::span<const std::uint16_t> ports) {
  const auto deliver = [&](NftRule rule, std::uint8_t protocol) {
    const bool tcp = protocol == IPPROTO_TCP;
    rule.load_addresses().in_set(tcp ? kLinks : kDatagrams);
    rule.tproxy(INADDR_LOOPBACK, tcp ? targets.tcp_port : targets.udp_port);
    change.add_rule("redirect", rule.set_mark(sandbox::kDeliverHereMark).accept());
  };
  change.add_chain({"redirect", Hook::Prerouting, kGatePriority + 1});
  change.add_rule("redirect", NftRule().mark_is(kMarkRefused).reject_with_reset());
  // Before the sockets: a SYN may find what an earlier connection of the same ports has left
  // (TIME_WAIT), which is the listener's business.
  for_each_port(ports, false, [&](NftRule rule) {
    deliver(rule.protocol(IPPROTO_TCP).tcp_flags(kSynMask, kSyn), IPPROTO_TCP);
  });
  change.add_rule("redirect", NftRule()
                                  .protocol(IPPROTO_TCP)
                                  .transparent_socket()
                                  .set_mark(sandbox::kDeliverHereMark)
                                  .accept());
  for (const std::uint8_t protocol : kProtocols) {
    for_each_port(ports, true, [&](NftRule rule) { deliver(rule.protocol(protocol), protocol); });
  }
}

void add_stray(sandbox::NftTransaction& change, std::span<const std::uint16_t> ports) {
  change.add_chain({"stray", Hook::Forward, -10});
  for (const std::uint8_t protocol : kProtocols) {
    for_each_port(ports, true, [&](NftRule rule) {
      change.add_rule("stray", rule.protocol(protocol).load_addresses().in_set(kStray).drop());
    });
  }
}

}  // namespace

base::Result<Redirect> Redirect::install(const LinkTable& links, const Targets& targets,
                                         std::span<const std::uint16_t> ports) {
  TRY(auto netfilter, sandbox::Netlink::open(NETLINK_NETFILTER));
  Redirect redirect(std::move(netfilter));
  const auto pairs = all_pairs(links);
  const auto install_with = [&](GateWay way) {
    sandbox::NftTransaction change(kTable);
    change.add_table();
    change.add_pair_set(kLinks, sandbox::Counting::No);
    change.add_pairs(kLinks, pairs);
    for (const char* set : {kDatagrams, kStray}) {
      change.add_pair_set(set, sandbox::Counting::Yes);
      change.add_pairs(set, pairs);
    }
    add_gate(change, ports, way);
    add_redirect(change, targets, ports);
    add_stray(change, ports);
    return change.commit(redirect.netfilter_, "install the monitor's redirection");
  };
  const auto with_queue = install_with(GateWay::Queue);
  if (with_queue.ok()) {
    redirect.gate_way_ = "queue";
    return redirect;
  }
  const auto with_target = install_with(GateWay::TargetQueue);
  if (with_target.ok()) {
    redirect.gate_way_ = "xt NFQUEUE";
    return redirect;
  }
  return base::Error{base::ErrorCode::Unavailable,
                     "the monitor needs a kernel with CONFIG_NFT_TPROXY, CONFIG_NFT_SOCKET and "
                     "CONFIG_NFT_QUEUE (or CONFIG_NFT_COMPAT and "
                     "CONFIG_NETFILTER_XT_TARGET_NFQUEUE): " +
                         with_queue.error().message + "; " + with_target.error().message};
}

base::Status Redirect::remove() {
  sandbox::NftTransaction change(kTable);
  change.delete_table();
  return change.commit(netfilter_, "remove the monitor's redirection");
}

base::Result<std::map<sandbox::AddressPair, sandbox::PacketCount>> Redirect::datagrams() {
  return sandbox::read_pair_set(netfilter_, kTable, kDatagrams);
}

base::Result<std::uint64_t> Redirect::stray_packets() {
  TRY(const auto counts, sandbox::read_pair_set(netfilter_, kTable, kStray));
  std::uint64_t packets = 0;
  for (const auto& [pair, count] : counts) packets += count.packets;
  return packets;
}

}  // namespace check::monitor
