// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/netlink.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "base/check.h"

namespace check::sandbox {

namespace {
constexpr std::size_t kMessageBytes = 65536;  // An attribute's length has 16 bits.
constexpr std::size_t kAnswerBytes = 65536;
constexpr timeval kAnswerTime{5, 0};  // The kernel answers within the call, unless it does not.
}  // namespace

nlmsghdr* NetlinkBatch::begin(std::uint16_t type, unsigned flags) {
  finish();
  bytes_.resize(used_ + kMessageBytes);
  nlmsghdr* message = mnl_nlmsg_put_header(bytes_.data() + used_);
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  message->nlmsg_seq = count_++;
  started_ = true;
  return message;
}

void NetlinkBatch::finish() {
  if (!started_) return;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes_.data() + used_);
  CHECK(message->nlmsg_len <= kMessageBytes, message->nlmsg_len);
  used_ += NLMSG_ALIGN(message->nlmsg_len);
  started_ = false;
}

base::Result<Netlink> Netlink::open(int protocol) {
  Netlink made;
  made.fd_ = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!made.fd_.open()) return system_error("cannot open a netlink socket");
  const int on = 1;
  // Best effort: shorter answers, the kernel's reasons in words.
  ::setsockopt(made.fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(made.fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  if (::setsockopt(made.fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTime, sizeof kAnswerTime) !=
      0) {
    return system_error("cannot limit the wait of a netlink socket");
  }
  made.answer_.resize(kAnswerBytes);
  return made;
}

base::Status Netlink::send(NetlinkBatch& batch, const std::string& what) {
  batch.finish();
  first_ = next_;
  next_ += batch.count_;
  std::size_t at = 0;
  while (at < batch.used_) {
    auto* message = reinterpret_cast<nlmsghdr*>(batch.bytes_.data() + at);
    message->nlmsg_seq += first_;
    at += NLMSG_ALIGN(message->nlmsg_len);
  }
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const ssize_t sent = ::sendto(fd_.get(), batch.bytes_.data(), batch.used_, 0,
                                reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  if (sent < 0) {
    last_errno_ = errno;
    return system_error("cannot " + what);
  }
  return base::Done{};
}

base::Result<std::size_t> Netlink::receive(const std::string& what) {
  while (true) {
    const ssize_t size = ::recv(fd_.get(), answer_.data(), answer_.size(), 0);
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EINTR) continue;
    last_errno_ = errno;
    if (errno == EAGAIN) {
      return base::Error{base::ErrorCode::Timeout,
                         "cannot " + what + ": the kernel did not answer"};
    }
    return system_error("cannot " + what);
  }
}

base::Error Netlink::failed(const std::string& what, const nlmsghdr& message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message));
  last_errno_ = -error->error;
  base::Error made = system_error("cannot " + what, -error->error);
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return made;
  // With NETLINK_CAP_ACK the reason follows the error itself, else the request it was about.
  std::size_t skip = sizeof *error;
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) skip += error->msg.nlmsg_len - sizeof(nlmsghdr);
  each_attribute(message, skip, [&made](std::uint16_t type, const nlattr* reason) {
    if (type == NLMSGERR_ATTR_MSG) {
      made.message += std::string(" (") + mnl_attr_get_str(reason) + ")";
    }
  });
  return made;
}

base::Status Netlink::run(NetlinkBatch& batch, const std::string& what) {
  if (batch.count_ == 0) return base::Done{};
  batch.finish();
  reinterpret_cast<nlmsghdr*>(batch.bytes_.data() + batch.acknowledged_)->nlmsg_flags |= NLM_F_ACK;
  TRY([[maybe_unused]] const auto sent, send(batch, what));
  last_errno_ = 0;
  while (true) {
    TRY(const std::size_t size, receive(what));
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(answer_.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq < first_) continue;  // Of an earlier batch that failed.
      if (message->nlmsg_type != NLMSG_ERROR) continue;
      if (static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error != 0) {
        return failed(what, *message);
      }
      // Requests are served in order: the only acknowledgement, asked for by the last, is for all.
      return base::Done{};
    }
  }
}

base::Status Netlink::read(NetlinkBatch& batch, const std::string& what,
                           const std::function<void(const nlmsghdr&)>& answer) {
  TRY([[maybe_unused]] const auto sent, send(batch, what));
  last_errno_ = 0;
  while (true) {
    TRY(const std::size_t size, receive(what));
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(answer_.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq < first_) continue;
      if (message->nlmsg_type == NLMSG_DONE) return base::Done{};
      if (message->nlmsg_type == NLMSG_ERROR) {
        if (static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error == 0) {
          return base::Done{};
        }
        return failed(what, *message);
      }
      answer(*message);
      if ((message->nlmsg_flags & NLM_F_MULTI) == 0) return base::Done{};
    }
  }
}

}  // namespace check::sandbox
