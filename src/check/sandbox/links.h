// SPDX-License-Identifier: Apache-2.0
// Links, addresses and routes, as rtnetlink messages (rtnetlink(7)). Addresses in host byte order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/sandbox/netlink.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

using Mac = std::array<std::uint8_t, 6>;

// One end of a virtual cable. The two ends must not have the same index: the kernel takes such a
// link for a real card, whose carrier it looks at only once a second.
struct CableEnd {
  std::string interface;
  unsigned index = 0;
  Mac mac{};
};

// A cable from here (`near`, up) into the network that `far_network` is open on (`far`, down).
void add_cable(NetlinkBatch& batch, const CableEnd& near, const CableEnd& far, int far_network);
void delete_link(NetlinkBatch& batch, unsigned interface);
void set_up(NetlinkBatch& batch, unsigned interface);
void add_address(NetlinkBatch& batch, unsigned interface, std::uint32_t address);

// Packets to `destination`/`prefix` leave by `interface`, to `gateway` unless that is 0.
struct Route {
  std::uint32_t destination = 0;
  std::uint8_t prefix = 32;
  unsigned interface = 0;
  std::uint32_t gateway = 0;
};
void add_route(NetlinkBatch& batch, const Route& route);
// Who has `address`, for ever: no ARP, so no loss and no delay before the first packet.
void add_neighbour(NetlinkBatch& batch, unsigned interface, std::uint32_t address, const Mac& mac);

// Packets with `mark` are delivered here, whatever their destination: what TPROXY needs.
void add_delivery_of_mark(NetlinkBatch& batch, std::uint32_t mark, std::uint8_t table);
void delete_delivery_of_mark(NetlinkBatch& batch, std::uint32_t mark, std::uint8_t table);

// The indices of all interfaces.
base::Result<std::vector<unsigned>> list_links(Netlink& routes);
// Whether packets pass: an interface that was up before the other end was drops them until the
// kernel has got round to it.
base::Result<bool> is_operational(Netlink& routes, unsigned interface);

// As the near end counts.
base::Result<InterfaceCounters> read_statistics(Netlink& routes, unsigned interface);

}  // namespace check::sandbox
