// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/nftables.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace check::sandbox {

namespace {

// The type number by which nft(8) prints a set of (ipv4_addr . ipv4_addr).
constexpr std::uint32_t kPairType = (7U << 6U) | 7U;
constexpr std::uint8_t kIpv4 = 2;  // NFPROTO_IPV4; see nftables.h on <linux/netfilter.h>.
constexpr std::uint32_t kPairBytes = 8;
constexpr std::size_t kPairsPerMessage = 1000;

std::uint16_t message_type(std::uint16_t message) {
  return static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | message);
}

void put_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value) {
  mnl_attr_put_u32(message, type, htonl(value));
}

nfgenmsg transaction_mark() {
  return nfgenmsg{
      .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
}

void read_key(const nlattr* key, AddressPair& pair) {
  each_attribute(key, [&pair](std::uint16_t type, const nlattr* value) {
    if (type != NFTA_DATA_VALUE || mnl_attr_get_payload_len(value) != kPairBytes) return;
    std::array<std::uint32_t, 2> addresses{};
    std::memcpy(addresses.data(), mnl_attr_get_payload(value), sizeof addresses);
    pair = AddressPair{ntohl(addresses[0]), ntohl(addresses[1])};
  });
}

void read_counter(const nlattr* data, PacketCount& count) {
  each_attribute(data, [&count](std::uint16_t type, const nlattr* value) {
    if (mnl_attr_get_payload_len(value) != sizeof(std::uint64_t)) return;
    if (type == NFTA_COUNTER_BYTES) count.bytes = be64toh(mnl_attr_get_u64(value));
    if (type == NFTA_COUNTER_PACKETS) count.packets = be64toh(mnl_attr_get_u64(value));
  });
}

void read_element(const nlattr* element, std::map<AddressPair, PacketCount>& counts) {
  AddressPair pair;
  PacketCount count;
  each_attribute(element, [&pair, &count](std::uint16_t type, const nlattr* value) {
    if (type == NFTA_SET_ELEM_KEY) read_key(value, pair);
    if (type != NFTA_SET_ELEM_EXPR) return;
    each_attribute(value, [&count](std::uint16_t inner, const nlattr* data) {
      if (inner == NFTA_EXPR_DATA) read_counter(data, count);
    });
  });
  counts[pair] = count;
}

}  // namespace

NftTransaction::NftTransaction(std::string table) : table_(std::move(table)) {
  batch_.add_mark(NFNL_MSG_BATCH_BEGIN, transaction_mark());
}

nlmsghdr* NftTransaction::add(std::uint16_t message, unsigned flags) {
  return batch_.add(message_type(message), flags,
                    nfgenmsg{.nfgen_family = kIpv4, .version = NFNETLINK_V0, .res_id = 0});
}

void NftTransaction::add_table() {
  nlmsghdr* message = add(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_.c_str());
}

void NftTransaction::delete_table() {
  nlmsghdr* message = add(NFT_MSG_DELTABLE, 0);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_.c_str());
}

void NftTransaction::add_chain(const Chain& chain) {
  nlmsghdr* message = add(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table_.c_str());
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain.name.c_str());
  nlattr* hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
  put_number(message, NFTA_HOOK_HOOKNUM, static_cast<std::uint32_t>(chain.hook));
  put_number(message, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(chain.priority));
  mnl_attr_nest_end(message, hook);
  mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
}

void NftTransaction::add_rule(const std::string& chain, const NftRule& rule) {
  nlmsghdr* message = add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  mnl_attr_put_strz(message, NFTA_RULE_TABLE, table_.c_str());
  mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain.c_str());
  nlattr* list = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
  for (const NftRule::Expression& expression : rule.expressions_) {
    nlattr* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
    mnl_attr_put_strz(message, NFTA_EXPR_NAME, expression.name);
    nlattr* data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
    expression.fill(message);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, element);
  }
  mnl_attr_nest_end(message, list);
}

void NftTransaction::add_pair_set(const std::string& name, Counting counting) {
  nlmsghdr* message = add(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message, NFTA_SET_TABLE, table_.c_str());
  mnl_attr_put_strz(message, NFTA_SET_NAME, name.c_str());
  put_number(message, NFTA_SET_ID, ++sets_);
  put_number(message, NFTA_SET_FLAGS, 0);
  put_number(message, NFTA_SET_KEY_TYPE, kPairType);
  put_number(message, NFTA_SET_KEY_LEN, kPairBytes);
  if (counting == Counting::Yes) {
    nlattr* expression = mnl_attr_nest_start(message, NFTA_SET_EXPR);
    mnl_attr_put_strz(message, NFTA_EXPR_NAME, "counter");
    nlattr* data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, expression);
  }
}

void NftTransaction::add_pairs(const std::string& set, std::span<const AddressPair> pairs) {
  while (!pairs.empty()) {
    const auto now = pairs.first(std::min(pairs.size(), kPairsPerMessage));
    nlmsghdr* message = add(NFT_MSG_NEWSETELEM, NLM_F_CREATE);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_.c_str());
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set.c_str());
    nlattr* list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    for (const AddressPair& pair : now) {
      const std::array<std::uint32_t, 2> addresses{htonl(pair.from), htonl(pair.to)};
      nlattr* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
      nlattr* key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
      mnl_attr_put(message, NFTA_DATA_VALUE, sizeof addresses, addresses.data());
      mnl_attr_nest_end(message, key);
      mnl_attr_nest_end(message, element);
    }
    mnl_attr_nest_end(message, list);
    pairs = pairs.subspan(now.size());
  }
}

void NftTransaction::clear_set(const std::string& set) {
  nlmsghdr* message = add(NFT_MSG_DELSETELEM, 0);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_.c_str());
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set.c_str());
}

base::Status NftTransaction::commit(Netlink& netfilter, const std::string& what) {
  batch_.add_mark(NFNL_MSG_BATCH_END, transaction_mark());
  return netfilter.run(batch_, what);
}

base::Result<std::map<AddressPair, PacketCount>> read_pair_set(Netlink& netfilter,
                                                               const std::string& table,
                                                               const std::string& set) {
  NetlinkBatch batch;
  nlmsghdr* message =
      batch.add(message_type(NFT_MSG_GETSETELEM), NLM_F_DUMP,
                nfgenmsg{.nfgen_family = kIpv4, .version = NFNETLINK_V0, .res_id = 0});
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table.c_str());
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set.c_str());
  std::map<AddressPair, PacketCount> counts;
  TRY([[maybe_unused]] const auto done,
      netfilter.read(batch, "read the pairs of hosts in a set", [&counts](const nlmsghdr& answer) {
        each_attribute(answer, sizeof(nfgenmsg), [&counts](std::uint16_t type, const nlattr* list) {
          if (type != NFTA_SET_ELEM_LIST_ELEMENTS) return;
          each_attribute(list, [&counts](std::uint16_t, const nlattr* element) {
            read_element(element, counts);
          });
        });
      }));
  return counts;
}

}  // namespace check::sandbox
