// SPDX-License-Identifier: Apache-2.0
#include "server/http_port.h"

#include <utility>

#include "os/clock.h"

namespace server {

// One connection: reads until there is a request, then writes until the response is gone.
class HttpPort::Visitor final : public os::Handler {
 public:
  Visitor(HttpPort& port, std::uint64_t id, os::Fd socket)
      : port_(port),
        id_(id),
        connection_(std::move(socket)),
        watch_(port_.loop_.add(connection_.fd(), os::Loop::Interest::Read, *this)),
        give_up_at_(os::steady_now() + kPatience) {}
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;
  ~Visitor() override { port_.loop_.remove(watch_); }

  std::chrono::nanoseconds give_up_at() const { return give_up_at_; }

  void on_ready(os::Ready ready) override {
    if (!answered_ && ready.read) read();
    if (answered_ && !finished_) write();
    if (finished_) port_.visitors_.erase(id_);  // This object, too.
  }

 private:
  void read() {
    const bool open = connection_.receive();
    const auto request = http::parse_request(connection_.input());
    if (request.ok() && !request.value()) {
      finished_ = !open;
      return;
    }
    answered_ = true;
    const bool head = request.ok() && request.value()->method == "HEAD";
    connection_.output() += http::encode(port_.respond(request), !head);
    port_.loop_.change(watch_, os::Loop::Interest::Write);
  }
  void write() { finished_ = !connection_.flush() || connection_.output_bytes() == 0; }

  HttpPort& port_;
  std::uint64_t id_;
  os::Connection connection_;
  os::Loop::Watch watch_;
  std::chrono::nanoseconds give_up_at_;
  bool answered_ = false;
  bool finished_ = false;
};

base::Result<std::unique_ptr<HttpPort>> HttpPort::listen(os::Loop& loop, const os::HostPort& where,
                                                         Pages pages) {
  TRY(os::Fd listening, os::listen_tcp(where));
  return std::unique_ptr<HttpPort>(new HttpPort(loop, std::move(listening), std::move(pages)));
}

HttpPort::HttpPort(os::Loop& loop, os::Fd listening, Pages pages)
    : loop_(loop),
      listening_(std::move(listening)),
      watch_(loop_.add(listening_.number(), os::Loop::Interest::Read, *this)),
      pages_(std::move(pages)) {}

HttpPort::~HttpPort() { loop_.remove(watch_); }

void HttpPort::on_ready(os::Ready /*ready*/) {
  while (true) {
    base::Result<std::optional<os::Fd>> socket = os::accept_tcp(listening_);
    // Out of descriptors: the waiting connection would wake us again and again. Try later.
    if (!socket.ok()) loop_.change(watch_, os::Loop::Interest::Nothing);
    if (!socket.ok() || !socket.value()) return;
    if (visitors_.size() >= kMaxConnections) visitors_.erase(visitors_.begin());
    const std::uint64_t id = ++last_;
    visitors_.emplace(id, std::make_unique<Visitor>(*this, id, *std::move(socket).value()));
  }
}

void HttpPort::on_time(std::chrono::nanoseconds now) {
  loop_.change(watch_, os::Loop::Interest::Read);
  std::erase_if(visitors_,
                [&](const auto& visitor) { return visitor.second->give_up_at() <= now; });
}

http::Response HttpPort::respond(const base::Result<std::optional<http::Request>>& request) const {
  if (!request.ok()) return {400, request.error().message + "\n"};
  const std::string& method = request.value()->method;
  if (method != "GET" && method != "HEAD")
    return {.status = 405, .body = "only GET and HEAD are known here\n", .allow = "GET, HEAD"};
  return pages_(request.value()->path);
}

}  // namespace server
