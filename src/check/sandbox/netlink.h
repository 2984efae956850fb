// SPDX-License-Identifier: Apache-2.0
// Requests to the kernel's network configuration, many in one system call.
//
//   NetlinkBatch batch;
//   nlmsghdr* message = batch.add(RTM_NEWLINK, NLM_F_CREATE, ifinfomsg{});
//   mnl_attr_put_strz(message, IFLA_IFNAME, "n1");     (libmnl fills in the attributes)
//   TRY(auto socket, Netlink::open(NETLINK_ROUTE));
//   TRY(auto done, socket.run(batch, "add link n1"));
//
// A socket stays in the network in which it was opened, whichever thread uses it later.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/sandbox/fd.h"

namespace check::sandbox {

// Calls `visit(type, attribute)` for each attribute of a message behind its `header_bytes` of own
// header, and within a nested one.
template <class Visit>
void each_attribute(const nlmsghdr& message, std::size_t header_bytes, Visit visit) {
  const auto* at = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, header_bytes));
  const char* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message));
  while (mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const char*>(at)))) {
    visit(mnl_attr_get_type(at), at);
    at = mnl_attr_next(at);
  }
}
template <class Visit>
void each_attribute(const nlattr* nest, Visit visit) {
  const auto* at = static_cast<const nlattr*>(mnl_attr_get_payload(nest));
  const char* end =
      static_cast<const char*>(mnl_attr_get_payload(nest)) + mnl_attr_get_payload_len(nest);
  while (mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const char*>(at)))) {
    visit(mnl_attr_get_type(at), at);
    at = mnl_attr_next(at);
  }
}

class NetlinkBatch {
 public:
  // Starts a message, to be filled in until the next one is added; at most 60 KB each. The pointer
  // is valid until then.
  template <class Header>
  nlmsghdr* add(std::uint16_t type, unsigned flags, const Header& header) {
    nlmsghdr* message = begin(type, flags);
    acknowledged_ = used_;
    std::memcpy(mnl_nlmsg_put_extra_header(message, sizeof header), &header, sizeof header);
    return message;
  }
  // Adds a begin or end of a transaction, which the kernel does not acknowledge.
  template <class Header>
  void add_mark(std::uint16_t type, const Header& header) {
    nlmsghdr* message = begin(type, 0);
    std::memcpy(mnl_nlmsg_put_extra_header(message, sizeof header), &header, sizeof header);
  }

 private:
  friend class Netlink;
  nlmsghdr* begin(std::uint16_t type, unsigned flags);
  void finish();

  std::vector<char> bytes_;
  std::size_t used_ = 0;          // Bytes of finished messages.
  std::size_t acknowledged_ = 0;  // Where the last message begins that is not a mark.
  bool started_ = false;          // A message lies behind them.
  std::uint32_t count_ = 0;  // Messages so far; their sequence numbers until they are sent: 0, 1...
};

class Netlink {
 public:
  // `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER. Opens it in the calling thread's network.
  static base::Result<Netlink> open(int protocol);

  // Sends the batch and waits for the kernel's answer. The error names `what` and the kernel's
  // reason; of a netfilter transaction nothing was applied then. Not for use by two threads at
  // once.
  base::Status run(NetlinkBatch& batch, const std::string& what);
  // The answers to a request for a list (NLM_F_DUMP) or for one object.
  base::Status read(NetlinkBatch& batch, const std::string& what,
                    const std::function<void(const nlmsghdr&)>& answer);
  // errno of the last error, 0 after a success.
  int last_errno() const { return last_errno_; }

 private:
  base::Status send(NetlinkBatch& batch, const std::string& what);
  base::Result<std::size_t> receive(const std::string& what);
  base::Error failed(const std::string& what, const nlmsghdr& message);

  Fd fd_;
  std::vector<char> answer_;
  std::uint32_t first_ = 1;  // Sequence numbers of the current batch: first_ until next_.
  std::uint32_t next_ = 1;
  int last_errno_ = 0;
};

}  // namespace check::sandbox
