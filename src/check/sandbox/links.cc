// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/links.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <algorithm>

namespace check::sandbox {

namespace {

constexpr unsigned kLoopback = 1;
constexpr std::uint32_t kRulePriority = 100;

void put_address(nlmsghdr* message, std::uint16_t type, std::uint32_t address) {
  mnl_attr_put_u32(message, type, htonl(address));
}

nlmsghdr* add_rule_message(NetlinkBatch& batch, std::uint16_t type, unsigned flags,
                           std::uint8_t table) {
  fib_rule_hdr header{};
  header.family = AF_INET;
  header.table = table;
  header.action = FR_ACT_TO_TBL;
  return batch.add(type, flags, header);
}

template <class Visit>
base::Status read_link(Netlink& routes, unsigned interface, Visit visit) {
  NetlinkBatch batch;
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(interface);
  batch.add(RTM_GETLINK, 0, header);
  return routes.read(batch, "read the state of a link", [&visit](const nlmsghdr& answer) {
    each_attribute(answer, sizeof(ifinfomsg), visit);
  });
}

}  // namespace

void add_cable(NetlinkBatch& batch, const CableEnd& near, const CableEnd& far, int far_network) {
  ifinfomsg up{};
  up.ifi_index = static_cast<int>(near.index);
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  nlmsghdr* message = batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, up);
  mnl_attr_put_strz(message, IFLA_IFNAME, near.interface.c_str());
  mnl_attr_put(message, IFLA_ADDRESS, near.mac.size(), near.mac.data());
  nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
  nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  nlattr* peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
  ifinfomsg down{};
  down.ifi_index = static_cast<int>(far.index);
  *static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof down)) = down;
  mnl_attr_put_strz(message, IFLA_IFNAME, far.interface.c_str());
  mnl_attr_put(message, IFLA_ADDRESS, far.mac.size(), far.mac.data());
  mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<std::uint32_t>(far_network));
  mnl_attr_nest_end(message, peer);
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, info);
}

void delete_link(NetlinkBatch& batch, unsigned interface) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(interface);
  batch.add(RTM_DELLINK, 0, header);
}

void set_up(NetlinkBatch& batch, unsigned interface) {
  ifinfomsg up{};
  up.ifi_index = static_cast<int>(interface);
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  batch.add(RTM_NEWLINK, 0, up);
}

void add_address(NetlinkBatch& batch, unsigned interface, std::uint32_t address) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 32;
  header.ifa_index = interface;
  nlmsghdr* message = batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header);
  put_address(message, IFA_LOCAL, address);
  put_address(message, IFA_ADDRESS, address);
}

void add_route(NetlinkBatch& batch, const Route& route) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = route.prefix;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = route.gateway != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  nlmsghdr* message = batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  put_address(message, RTA_DST, route.destination);
  if (route.gateway != 0) put_address(message, RTA_GATEWAY, route.gateway);
  mnl_attr_put_u32(message, RTA_OIF, route.interface);
}

void add_neighbour(NetlinkBatch& batch, unsigned interface, std::uint32_t address, const Mac& mac) {
  ndmsg header{};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = static_cast<int>(interface);
  header.ndm_state = NUD_PERMANENT;
  nlmsghdr* message = batch.add(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
  put_address(message, NDA_DST, address);
  mnl_attr_put(message, NDA_LLADDR, mac.size(), mac.data());
}

void add_delivery_of_mark(NetlinkBatch& batch, std::uint32_t mark, std::uint8_t table) {
  nlmsghdr* rule = add_rule_message(batch, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, table);
  mnl_attr_put_u32(rule, FRA_FWMARK, mark);
  mnl_attr_put_u32(rule, FRA_FWMASK, ~std::uint32_t{0});
  mnl_attr_put_u32(rule, FRA_PRIORITY, kRulePriority);

  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_table = table;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_HOST;
  header.rtm_type = RTN_LOCAL;
  nlmsghdr* route = batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  mnl_attr_put_u32(route, RTA_OIF, kLoopback);
}

void delete_delivery_of_mark(NetlinkBatch& batch, std::uint32_t mark, std::uint8_t table) {
  nlmsghdr* rule = add_rule_message(batch, RTM_DELRULE, 0, table);
  mnl_attr_put_u32(rule, FRA_FWMARK, mark);
  mnl_attr_put_u32(rule, FRA_PRIORITY, kRulePriority);
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_table = table;
  header.rtm_scope = RT_SCOPE_HOST;
  header.rtm_type = RTN_LOCAL;
  mnl_attr_put_u32(batch.add(RTM_DELROUTE, 0, header), RTA_OIF, kLoopback);
}

base::Result<std::vector<unsigned>> list_links(Netlink& routes) {
  NetlinkBatch batch;
  batch.add(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
  std::vector<unsigned> found;
  TRY([[maybe_unused]] const auto done,
      routes.read(batch, "list the links", [&found](const nlmsghdr& answer) {
        const auto* link = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&answer));
        found.push_back(static_cast<unsigned>(link->ifi_index));
      }));
  return found;
}

base::Result<bool> is_operational(Netlink& routes, unsigned interface) {
  bool up = false;
  TRY([[maybe_unused]] const auto done,
      read_link(routes, interface, [&up](std::uint16_t type, const nlattr* value) {
        if (type == IFLA_OPERSTATE) up = mnl_attr_get_u8(value) == IF_OPER_UP;
      }));
  return up;
}

base::Result<InterfaceCounters> read_statistics(Netlink& routes, unsigned interface) {
  InterfaceCounters found;
  TRY([[maybe_unused]] const auto done,
      read_link(routes, interface, [&found](std::uint16_t type, const nlattr* value) {
        if (type != IFLA_STATS64) return;
        rtnl_link_stats64 statistics{};  // Older kernels send fewer fields at its end.
        std::memcpy(&statistics, mnl_attr_get_payload(value),
                    std::min<std::size_t>(sizeof statistics, mnl_attr_get_payload_len(value)));
        found = InterfaceCounters{statistics.rx_bytes, statistics.rx_packets, statistics.tx_bytes,
                                  statistics.tx_packets};
      }));
  return found;
}

}  // namespace check::sandbox
