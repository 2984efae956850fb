// SPDX-License-Identifier: Apache-2.0
// NftRule: the expressions of a rule, as linux/netfilter/nf_tables.h encodes them.
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <netinet/in.h>

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "check/sandbox/nftables.h"

namespace check::sandbox {

namespace {

constexpr std::uint32_t kIpv4 = 2;  // NFPROTO_IPV4, NF_DROP, NF_ACCEPT.
constexpr std::uint32_t kDrop = 0;
constexpr std::uint32_t kAccept = 1;
constexpr std::uint32_t kSourceOffset = 12;
constexpr std::uint32_t kDestinationOffset = 16;
constexpr std::uint32_t kTcpFlagsOffset = 13;

void put_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value) {
  mnl_attr_put_u32(message, type, htonl(value));
}

void put_data(nlmsghdr* message, std::uint16_t type, std::span<const std::uint8_t> value) {
  nlattr* nest = mnl_attr_nest_start(message, type);
  mnl_attr_put(message, NFTA_DATA_VALUE, value.size(), value.data());
  mnl_attr_nest_end(message, nest);
}

template <class Integer>
std::array<std::uint8_t, sizeof(Integer)> bytes_of(Integer value) {
  return std::bit_cast<std::array<std::uint8_t, sizeof(Integer)>>(value);
}

void put_immediate(nlmsghdr* message, std::uint32_t target, std::span<const std::uint8_t> value) {
  put_number(message, NFTA_IMMEDIATE_DREG, target);
  put_data(message, NFTA_IMMEDIATE_DATA, value);
}

}  // namespace

NftRule& NftRule::add(const char* name, Fill fill) {
  expressions_.push_back({name, std::move(fill)});
  return *this;
}

NftRule& NftRule::load_meta(std::uint32_t key) {
  return add("meta", [key](nlmsghdr* message) {
    put_number(message, NFTA_META_DREG, NFT_REG_1);
    put_number(message, NFTA_META_KEY, key);
  });
}

NftRule& NftRule::load_payload(std::uint32_t base, std::uint32_t offset, std::uint32_t length) {
  return add("payload", [base, offset, length](nlmsghdr* message) {
    put_number(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(message, NFTA_PAYLOAD_BASE, base);
    put_number(message, NFTA_PAYLOAD_OFFSET, offset);
    put_number(message, NFTA_PAYLOAD_LEN, length);
  });
}

NftRule& NftRule::mask(std::span<const std::uint8_t> bits) {
  std::vector<std::uint8_t> kept(bits.begin(), bits.end());
  return add("bitwise", [kept](nlmsghdr* message) {
    put_number(message, NFTA_BITWISE_SREG, NFT_REG_1);
    put_number(message, NFTA_BITWISE_DREG, NFT_REG_1);
    put_number(message, NFTA_BITWISE_LEN, static_cast<std::uint32_t>(kept.size()));
    put_data(message, NFTA_BITWISE_MASK, kept);
    put_data(message, NFTA_BITWISE_XOR, std::vector<std::uint8_t>(kept.size(), 0));
  });
}

NftRule& NftRule::compare(std::span<const std::uint8_t> value) {
  std::vector<std::uint8_t> wanted(value.begin(), value.end());
  return add("cmp", [wanted](nlmsghdr* message) {
    put_number(message, NFTA_CMP_SREG, NFT_REG_1);
    put_number(message, NFTA_CMP_OP, NFT_CMP_EQ);
    put_data(message, NFTA_CMP_DATA, wanted);
  });
}

NftRule& NftRule::compare_host_order(std::uint32_t value) { return compare(bytes_of(value)); }

NftRule& NftRule::input_interface_begins(const std::string& prefix) {
  return load_meta(NFT_META_IIFNAME)
      .compare(std::span(reinterpret_cast<const std::uint8_t*>(prefix.data()), prefix.size()));
}

NftRule& NftRule::output_interface_begins(const std::string& prefix) {
  return load_meta(NFT_META_OIFNAME)
      .compare(std::span(reinterpret_cast<const std::uint8_t*>(prefix.data()), prefix.size()));
}

NftRule& NftRule::protocol(std::uint8_t number) {
  return load_meta(NFT_META_L4PROTO).compare(bytes_of(number));
}

NftRule& NftRule::mark_is(std::uint32_t mark) {
  return load_meta(NFT_META_MARK).compare_host_order(mark);
}

NftRule& NftRule::tcp_flags(std::uint8_t mask_bits, std::uint8_t value) {
  return protocol(IPPROTO_TCP)
      .load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, kTcpFlagsOffset, 1)
      .mask(bytes_of(mask_bits))
      .compare(bytes_of(value));
}

NftRule& NftRule::within(std::uint32_t offset, std::uint32_t address, unsigned prefix) {
  CHECK(prefix >= 1 && prefix <= 32, prefix);
  const std::uint32_t bits = ~std::uint32_t{0} << (32 - prefix);
  return load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 4)
      .mask(bytes_of(htonl(bits)))
      .compare(bytes_of(htonl(address & bits)));
}

NftRule& NftRule::source_within(std::uint32_t address, unsigned prefix) {
  return within(kSourceOffset, address, prefix);
}

NftRule& NftRule::destination_within(std::uint32_t address, unsigned prefix) {
  return within(kDestinationOffset, address, prefix);
}

NftRule& NftRule::source_port(std::uint16_t port) {
  return load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2).compare(bytes_of(htons(port)));
}

NftRule& NftRule::destination_port(std::uint16_t port) {
  return load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2).compare(bytes_of(htons(port)));
}

NftRule& NftRule::transparent_socket() {
  add("socket", [](nlmsghdr* message) {
    put_number(message, NFTA_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
    put_number(message, NFTA_SOCKET_DREG, NFT_REG_1);
  });
  return compare(bytes_of(std::uint8_t{1}));
}

NftRule& NftRule::load_addresses() {
  // The two lie side by side in the header: one load makes the key of a pair set.
  return load_payload(NFT_PAYLOAD_NETWORK_HEADER, kSourceOffset, 8);
}

NftRule& NftRule::in_set(const std::string& set) {
  return add("lookup", [set](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_LOOKUP_SET, set.c_str());
    put_number(message, NFTA_LOOKUP_SREG, NFT_REG_1);
  });
}

NftRule& NftRule::set_mark(std::uint32_t mark) {
  add("immediate",
      [mark](nlmsghdr* message) { put_immediate(message, NFT_REG_1, bytes_of(mark)); });
  return add("meta", [](nlmsghdr* message) {
    put_number(message, NFTA_META_SREG, NFT_REG_1);
    put_number(message, NFTA_META_KEY, NFT_META_MARK);
  });
}

NftRule& NftRule::tproxy(std::uint32_t address, std::uint16_t port) {
  add("immediate", [address](nlmsghdr* message) {
    put_immediate(message, NFT_REG_1, bytes_of(htonl(address)));
  });
  add("immediate",
      [port](nlmsghdr* message) { put_immediate(message, NFT_REG_2, bytes_of(htons(port))); });
  return add("tproxy", [](nlmsghdr* message) {
    put_number(message, NFTA_TPROXY_FAMILY, kIpv4);
    put_number(message, NFTA_TPROXY_REG_ADDR, NFT_REG_1);
    put_number(message, NFTA_TPROXY_REG_PORT, NFT_REG_2);
  });
}

NftRule& NftRule::reject_with_reset() {
  return add("reject", [](nlmsghdr* message) {
    put_number(message, NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
    mnl_attr_put_u8(message, NFTA_REJECT_ICMP_CODE, 0);
  });
}

NftRule& NftRule::queue(std::uint16_t number) {
  return add("queue", [number](nlmsghdr* message) {
    mnl_attr_put_u16(message, NFTA_QUEUE_NUM, htons(number));
    mnl_attr_put_u16(message, NFTA_QUEUE_TOTAL, htons(1));
  });
}

NftRule& NftRule::target_queue(std::uint16_t number) {
  // struct xt_NFQ_info_v3 {queuenum, queues_total, flags}, padded as xt demands.
  const std::array<std::uint16_t, 4> info{number, 1, 0, 0};
  return add("target", [info](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_TARGET_NAME, "NFQUEUE");
    put_number(message, NFTA_TARGET_REV, 3);
    mnl_attr_put(message, NFTA_TARGET_INFO, sizeof info, info.data());
  });
}

NftRule& NftRule::verdict(std::uint32_t code) {
  return add("immediate", [code](nlmsghdr* message) {
    put_number(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    nlattr* data = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
    nlattr* verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
    put_number(message, NFTA_VERDICT_CODE, code);
    mnl_attr_nest_end(message, verdict);
    mnl_attr_nest_end(message, data);
  });
}

NftRule& NftRule::drop() { return verdict(kDrop); }
NftRule& NftRule::accept() { return verdict(kAccept); }

}  // namespace check::sandbox
