// SPDX-License-Identifier: Apache-2.0
// Packet filter rules of one IPv4 table, set up and changed in atomic transactions.
//
//   NftTransaction change("seaworthy");
//   change.add_table();
//   change.add_chain({"before", Hook::Prerouting, -160});
//   change.add_pair_set("cut", Counting::No);
//   change.add_rule("before", NftRule().load_addresses().in_set("cut").drop());
//   TRY(auto done, change.commit(netfilter_socket, "install the rules"));
//
// The words of NftRule mean what they mean in nft(8). Each load and comparison uses register 1.
#pragma once

#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/sandbox/netlink.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// Source and destination of a packet, in host byte order.
struct AddressPair {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  friend constexpr auto operator<=>(const AddressPair&, const AddressPair&) = default;
};

// As NF_INET_*; <linux/netfilter.h> cannot be included before <netinet/in.h>.
enum class Hook : std::uint8_t { Prerouting = 0, Forward = 2, Postrouting = 4 };
enum class Counting : std::uint8_t { No, Yes };

class NftRule {
 public:
  NftRule& input_interface_begins(const std::string& prefix);           // iifname "n*"
  NftRule& output_interface_begins(const std::string& prefix);          // oifname "n*"
  NftRule& protocol(std::uint8_t number);                               // meta l4proto tcp
  NftRule& mark_is(std::uint32_t mark);                                 // meta mark 0x20
  NftRule& tcp_flags(std::uint8_t mask, std::uint8_t value);            // tcp flags & mask == value
  NftRule& source_within(std::uint32_t address, unsigned prefix);       // ip saddr 10.77.0.0/24
  NftRule& destination_within(std::uint32_t address, unsigned prefix);  // ip daddr 10.77.0.0/24
  NftRule& source_port(std::uint16_t port);                             // th sport 2380
  NftRule& destination_port(std::uint16_t port);                        // th dport 2380
  NftRule& transparent_socket();                                        // socket transparent 1
  NftRule& load_addresses();                                            // ip saddr . ip daddr
  NftRule& in_set(const std::string& set);                              // ... @set
  NftRule& set_mark(std::uint32_t mark);                                // meta mark set 1
  NftRule& tproxy(std::uint32_t address, std::uint16_t port);           // tproxy to address:port
  NftRule& reject_with_reset();                                         // reject with tcp reset
  NftRule& queue(std::uint16_t number);                                 // queue num 0
  NftRule& target_queue(std::uint16_t number);  // The same through xt NFQUEUE, by nft_compat.
  NftRule& drop();
  NftRule& accept();

 private:
  friend class NftTransaction;
  using Fill = std::function<void(nlmsghdr*)>;
  NftRule& add(const char* name, Fill fill);
  NftRule& load_meta(std::uint32_t key);
  NftRule& load_payload(std::uint32_t base, std::uint32_t offset, std::uint32_t length);
  NftRule& mask(std::span<const std::uint8_t> bits);
  NftRule& compare(std::span<const std::uint8_t> value);
  NftRule& compare_host_order(std::uint32_t value);
  NftRule& within(std::uint32_t offset, std::uint32_t address, unsigned prefix);
  NftRule& verdict(std::uint32_t code);

  struct Expression {
    const char* name;
    Fill fill;
  };
  std::vector<Expression> expressions_;
};

class NftTransaction {
 public:
  explicit NftTransaction(std::string table);

  struct Chain {
    std::string name;
    Hook hook = Hook::Prerouting;
    std::int32_t priority = 0;
  };
  void add_table();
  void delete_table();
  void add_chain(const Chain& chain);  // A filter chain with policy accept.
  void add_rule(const std::string& chain, const NftRule& rule);
  // A set of (source, destination); with counting, each element counts the packets that matched it.
  void add_pair_set(const std::string& name, Counting counting);
  void add_pairs(const std::string& set, std::span<const AddressPair> pairs);
  void clear_set(const std::string& set);

  // All of it or, with an error, nothing. Ends the transaction's use.
  base::Status commit(Netlink& netfilter, const std::string& what);

 private:
  nlmsghdr* add(std::uint16_t message, unsigned flags);

  std::string table_;
  NetlinkBatch batch_;
  std::uint32_t sets_ = 0;
};

// The elements of a set, and what each has counted (nothing if the set does not count).
base::Result<std::map<AddressPair, PacketCount>> read_pair_set(Netlink& netfilter,
                                                               const std::string& table,
                                                               const std::string& set);

}  // namespace check::sandbox
