// SPDX-License-Identifier: Apache-2.0
// probe(): tries, in a child that is gone afterwards, everything that a sandbox needs.
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "check/sandbox/contain.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/links.h"
#include "check/sandbox/nftables.h"
#include "check/sandbox/sandbox.h"
#include "check/sandbox/spaces.h"

namespace check::sandbox {

namespace {

constexpr std::uint32_t kLoopbackAddress = 0x7f000001;
constexpr std::uint16_t kAnyPort = 1090;

base::Status try_cable() {
  TRY(Netlink routes, Netlink::open(NETLINK_ROUTE));
  const Fd here(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  NetlinkBatch batch;
  add_cable(batch, {"near", 1000, Mac{2, 0, 0, 0, 0, 1}}, {"far", 1001, Mac{2, 0, 0, 0, 0, 2}},
            here.get());
  base::Status added = routes.run(batch, "connect two networks");
  if (added.ok()) return added;
  return base::Error{added.error().code,
                     added.error().message + "; the kernel needs CONFIG_VETH (modprobe veth)"};
}

base::Status try_rule(Netlink& netfilter, const NftRule& rule, const std::string& needs) {
  NftTransaction change("probe");
  change.add_table();
  change.add_pair_set("pairs", Counting::Yes);
  change.add_chain({"chain", Hook::Prerouting, 0});
  change.add_rule("chain", rule);
  change.delete_table();
  base::Status done = change.commit(netfilter, "filter packets");
  if (done.ok()) return done;
  return base::Error{done.error().code, done.error().message + "; the kernel needs " + needs};
}

base::Status try_filter() {
  TRY(Netlink netfilter, Netlink::open(NETLINK_NETFILTER));
  TRY([[maybe_unused]] const auto plain,
      try_rule(netfilter, NftRule().load_addresses().in_set("pairs").drop(),
               "CONFIG_NF_TABLES_IPV4 and nft counters (modprobe nf_tables)"));
  TRY([[maybe_unused]] const auto proxy,
      try_rule(netfilter, NftRule().protocol(IPPROTO_TCP).tproxy(kLoopbackAddress, kAnyPort),
               "CONFIG_NFT_TPROXY (modprobe nft_tproxy)"));
  TRY([[maybe_unused]] const auto socket,
      try_rule(netfilter, NftRule().protocol(IPPROTO_TCP).transparent_socket(),
               "CONFIG_NFT_SOCKET (modprobe nft_socket)"));
  TRY([[maybe_unused]] const auto reject,
      try_rule(netfilter, NftRule().protocol(IPPROTO_TCP).reject_with_reset(),
               "CONFIG_NFT_REJECT (modprobe nft_reject_inet)"));
  if (try_rule(netfilter, NftRule().queue(0), "").ok()) return base::Done{};
  return try_rule(netfilter, NftRule().target_queue(0),
                  "CONFIG_NFT_QUEUE (modprobe nft_queue), or CONFIG_NETFILTER_XT_TARGET_NFQUEUE "
                  "and CONFIG_NFT_COMPAT");
}

// The complaint goes through a pipe: contain() hands out no more than a number.
base::Status try_way(Way way) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe");
  const Fd read(ends[0]);
  Fd write(ends[1]);
  TRY(const int code, contain_briefly(Support{way, {}}, [&write] {
        const base::Status cable = try_cable();
        const base::Status all = cable.ok() ? try_filter() : cable;
        if (all.ok()) return 0;
        const std::string& message = all.error().message;
        return ::write(write.get(), message.data(), message.size()) < 0 ? 2 : 1;
      }));
  write.close();
  if (code == 0) return base::Done{};
  std::array<char, 1024> text{};
  const ssize_t size = ::read(read.get(), text.data(), text.size());
  return base::Error{base::ErrorCode::Unavailable,
                     size > 0 ? std::string(text.data(), static_cast<std::size_t>(size))
                              : "the trial of a sandbox ended with code " + std::to_string(code)};
}

}  // namespace

base::Result<Support> probe() {
  const base::Status unprivileged = try_way(Way::UserNamespace);
  if (unprivileged.ok()) return Support{Way::UserNamespace, "user namespaces work here"};
  const std::string reason = unprivileged.error().message;
  if (::geteuid() != 0) {
    return base::Error{base::ErrorCode::Unavailable,
                       "no sandbox can be made here: " + reason + "; or run as root"};
  }
  const base::Status root = try_way(Way::Root);
  if (root.ok()) {
    return Support{Way::Root, "we are root, and user namespaces do not work: " + reason};
  }
  return base::Error{base::ErrorCode::Unavailable,
                     "no sandbox can be made here: " + reason +
                         "; and as root without user namespaces: " + root.error().message};
}

}  // namespace check::sandbox
