// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "os/clock.h"
#include "resp/reply_writer.h"

namespace client {
namespace {

// Between two rounds over all nodes, so that a cluster without a leader is not flooded.
constexpr std::chrono::milliseconds kPause{20};

base::Error failure(const std::string& what) {
  return base::Error{base::ErrorCode::Unavailable, what};
}

// True when `fd` is ready for `events`; false when the time is over.
bool wait(int fd, short events, std::chrono::nanoseconds deadline) {
  pollfd one{fd, events, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - os::steady_now());
    const int timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    if (poll(&one, 1, timeout) > 0) return true;
    if (timeout == 0) return false;
  }
}

std::string encode(std::initializer_list<std::string_view> words) {
  std::string request;
  resp::ReplyWriter writer(resp::Version::Two, request);  // A request is an array of bulk strings.
  writer.array(words.size());
  for (const std::string_view word : words) writer.bulk(word);
  return request;
}

}  // namespace

Outcome classify(resp::Reply reply) {
  if (reply.kind == resp::Reply::Kind::Error) {
    if (reply.text.starts_with("NOTDONE ")) return NotDone{std::move(reply.text)};
    if (reply.text.starts_with("UNKNOWN ")) return Unknown{std::move(reply.text)};
  }
  return Done{std::move(reply)};
}

Client::Client(std::vector<os::HostPort> nodes, std::chrono::milliseconds patience)
    : nodes_(std::move(nodes)), patience_(patience) {
  CHECK(!nodes_.empty());
}

Outcome Client::call(std::initializer_list<std::string_view> words, Effect effect) {
  const std::string request = encode(words);
  const Time deadline = os::steady_now() + patience_;
  while (true) {
    Outcome outcome = attempt(request, deadline);
    if (std::holds_alternative<Done>(outcome)) return outcome;
    auto* unknown = std::get_if<Unknown>(&outcome);
    if (unknown != nullptr && effect == Effect::Write) return outcome;
    if (os::steady_now() + kPause >= deadline)
      return unknown == nullptr ? outcome : NotDone{std::move(unknown->why)};
    next_node();
  }
}

void Client::next_node() {
  connection_.reset();
  node_ = (node_ + 1) % nodes_.size();
  if (node_ == 0) poll(nullptr, 0, static_cast<int>(kPause.count()));
}

Outcome Client::attempt(const std::string& request, Time deadline) {
  if (!connection_) {
    if (const base::Status connected = connect(deadline); !connected.ok())
      return NotDone{connected.error().message};
  }
  connection_->output() += request;
  while (connection_->output_bytes() > 0) {
    // Whatever was sent may have arrived.
    if (!connection_->flush()) return Unknown{"the connection broke"};
    if (connection_->output_bytes() > 0 && !wait(connection_->fd(), POLLOUT, deadline))
      return Unknown{"the node does not read"};
  }
  base::Result<resp::Reply> reply = receive(deadline);
  if (!reply.ok()) {
    connection_.reset();
    return Unknown{reply.error().message};
  }
  return classify(std::move(reply).value());
}

base::Status Client::connect(Time deadline) {
  TRY(const os::Address address, os::resolve(nodes_[node_]));
  TRY(os::Fd socket, os::connect_tcp(address));
  // An even share of the time: another node may answer where this one is cut off.
  const Time share = (deadline - os::steady_now()) / static_cast<std::int64_t>(nodes_.size());
  if (!wait(socket.number(), POLLOUT, os::steady_now() + share))
    return failure("no connection to " + nodes_[node_].text());
  TRY([[maybe_unused]] const auto connected, os::connect_outcome(socket));
  connection_.emplace(std::move(socket));
  return base::Done{};
}

base::Result<resp::Reply> Client::receive(Time deadline) {
  while (true) {
    TRY(std::optional<resp::ParsedReply> parsed, resp::parse_reply(connection_->input()));
    if (parsed) {
      connection_->consume(parsed->size_bytes);
      return std::move(parsed->reply);
    }
    if (!wait(connection_->fd(), POLLIN, deadline))
      return failure("no answer from " + nodes_[node_].text());
    if (!connection_->receive()) return failure(nodes_[node_].text() + " closed the connection");
  }
}

}  // namespace client
