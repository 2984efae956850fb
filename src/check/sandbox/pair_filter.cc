// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/pair_filter.h"

#include <netinet/in.h>

#include <array>
#include <utility>

namespace check::sandbox {

namespace {

constexpr const char* kTable = "seaworthy";
constexpr std::int32_t kBeforeReassembly = -450;  // Fragments are counted as the interface does.
constexpr std::int32_t kLast = 200;
constexpr std::array<std::uint8_t, 2> kCounted{IPPROTO_TCP, IPPROTO_UDP};

NftRule pair_in(const char* set) { return NftRule().load_addresses().in_set(set); }

}  // namespace

base::Status install_filter(Netlink& netfilter, std::span<const AddressPair> pairs) {
  NftTransaction change(kTable);
  change.add_table();
  change.add_pair_set("cut", Counting::No);
  for (const char* set : {"arrived", "bypassed", "delivered"}) {
    change.add_pair_set(set, Counting::Yes);
    change.add_pairs(set, pairs);
  }
  change.add_chain({"count_arrived", Hook::Prerouting, kBeforeReassembly});
  change.add_rule("count_arrived", pair_in("arrived"));
  change.add_chain({"cut_before", Hook::Prerouting, kCutPriority});
  change.add_rule("cut_before", pair_in("cut").drop());
  change.add_chain({"count_bypassed", Hook::Forward, 0});
  for (const std::uint8_t protocol : kCounted) {
    change.add_rule("count_bypassed",
                    NftRule().protocol(protocol).load_addresses().in_set("bypassed"));
  }
  change.add_chain({"cut_after", Hook::Postrouting, kCutPriority});
  change.add_rule("cut_after", pair_in("cut").drop());
  change.add_chain({"count_delivered", Hook::Postrouting, kLast});
  change.add_rule("count_delivered", pair_in("delivered"));
  return change.commit(netfilter, "install the packet filter of the switch");
}

base::Status remove_filter(Netlink& netfilter) {
  NftTransaction change(kTable);
  change.delete_table();
  return change.commit(netfilter, "remove the packet filter of the switch");
}

base::Status cut_pairs(Netlink& netfilter, std::span<const AddressPair> pairs) {
  NftTransaction change(kTable);
  change.clear_set("cut");
  change.add_pairs("cut", pairs);
  return change.commit(netfilter, "cut the links between hosts");
}

base::Result<std::set<AddressPair>> read_cut(Netlink& netfilter) {
  TRY(const auto found, read_pair_set(netfilter, kTable, "cut"));
  std::set<AddressPair> pairs;
  for (const auto& [pair, count] : found) pairs.insert(pair);
  return pairs;
}

base::Result<std::map<AddressPair, PairCounters>> count_pairs(Netlink& netfilter) {
  std::map<AddressPair, PairCounters> counts;
  constexpr std::array kSets{std::pair{"arrived", &PairCounters::arrived},
                             std::pair{"bypassed", &PairCounters::bypassed},
                             std::pair{"delivered", &PairCounters::delivered}};
  for (const auto& [set, field] : kSets) {
    TRY(const auto found, read_pair_set(netfilter, kTable, set));
    for (const auto& [pair, count] : found) counts[pair].*field = count;
  }
  return counts;
}

}  // namespace check::sandbox
