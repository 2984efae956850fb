// SPDX-License-Identifier: Apache-2.0
#include "ceiling_follower.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/crc32c.h"
#include "ceiling_frame.h"
#include "os/net.h"

namespace ceiling {
namespace {

constexpr std::size_t kGathered = std::size_t{4} << 20;  // At most in one write.

class Follower {
 public:
  Follower(Log& log, int leader) : log_(log), leader_(leader) {}

  int serve() {
    while (receive()) {
      const std::uint64_t round = ack_.round;
      const std::size_t whole = read_frames();
      if (whole == 0) continue;
      if (ack_.round != round && ack_.batch != last_) {
        // Reads need not wait for the disk.
        answer();
      }
      if (ack_.batch != last_) {
        log_.append(input_);
        ack_.batch = last_;
      }
      answer();
      input_.consume(whole);
    }
    return 0;
  }

 private:
  // Waits for something, and takes what is there.
  bool receive() {
    int flags = 0;
    while (input_.size() < kGathered) {
      input_.reserve_behind(std::size_t{256} << 10);
      const ssize_t count =
          recv(leader_, input_.data() + input_.size(), input_.capacity() - input_.size(), flags);
      if (count <= 0) return flags != 0 && count < 0;
      const std::size_t room = input_.capacity() - input_.size();
      input_.grow_to(input_.size() + static_cast<std::size_t>(count));
      if (static_cast<std::size_t>(count) < room) return true;
      flags = MSG_DONTWAIT;
    }
    return true;
  }

  // How many bytes of the input are whole frames.
  std::size_t read_frames() {
    std::size_t at = 0;
    FrameHead head;
    while (input_.size() - at >= sizeof head) {
      std::memcpy(&head, input_.data() + at, sizeof head);
      if (input_.size() - at - sizeof head < head.bytes) break;
      const std::string_view entries(input_.data() + at + sizeof head, head.bytes);
      if (base::crc32c(entries) != head.checksum) {
        fmt::print(stderr, "ceiling: a frame arrived changed\n");
        std::exit(3);
      }
      if (head.batch != 0) last_ = head.batch;
      if (head.round != 0) ack_.round = head.round;
      at += sizeof head + head.bytes;
    }
    return at;
  }

  void answer() { (void)send(leader_, &ack_, sizeof ack_, MSG_NOSIGNAL); }

  Log& log_;
  int leader_;
  Buffer input_;
  std::uint64_t last_ = 0;  // The latest batch that arrived.
  Ack ack_;
};

}  // namespace

int follow(Log& log, std::uint16_t port) {
  const auto listening = os::listen_tcp({"127.0.0.1", port});
  if (!listening.ok()) {
    fmt::print(stderr, "ceiling: {}\n", listening.error().message);
    return 3;
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  pollfd wait{listening.value().number(), POLLIN, 0};
  if (poll(&wait, 1, -1) != 1) return 3;
  const os::Fd leader(accept4(listening.value().number(), nullptr, nullptr, SOCK_CLOEXEC));
  const int on = 1;
  setsockopt(leader.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return Follower(log, leader.number()).serve();
}

}  // namespace ceiling
