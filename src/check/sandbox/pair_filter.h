// SPDX-License-Identifier: Apache-2.0
// The switch's own packet filter: which pairs of hosts are cut, and what each pair has sent.
//
//   prerouting   -450 count arrived      -160 drop what is cut      (then the monitor's rules)
//   forward                              count bypassed: TCP and UDP
//   postrouting  -160 drop what is cut   +200 count delivered
#pragma once

#include <map>
#include <set>
#include <span>

#include "base/result.h"
#include "check/sandbox/nftables.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// Counts are kept for `pairs`.
base::Status install_filter(Netlink& netfilter, std::span<const AddressPair> pairs);
base::Status remove_filter(Netlink& netfilter);
// From now on exactly these are cut.
base::Status cut_pairs(Netlink& netfilter, std::span<const AddressPair> pairs);
base::Result<std::set<AddressPair>> read_cut(Netlink& netfilter);
base::Result<std::map<AddressPair, PairCounters>> count_pairs(Netlink& netfilter);

}  // namespace check::sandbox
