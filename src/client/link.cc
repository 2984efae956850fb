// SPDX-License-Identifier: Apache-2.0
#include "client/link.h"

#include <poll.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "os/clock.h"
#include "os/error.h"
#include "resp/reply_writer.h"

namespace client {
namespace {

base::Error failure(const std::string& what) {
  return base::Error{base::ErrorCode::Unavailable, what};
}

// True when `fd` is ready for `events`; false when the time is over.
bool wait(int fd, short events, Time deadline) {
  pollfd one{fd, events, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - os::steady_now());
    const int timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    if (poll(&one, 1, timeout) > 0) return true;
    if (timeout == 0) return false;
  }
}

std::string encode(Words words) {
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

// The system's resolver knows no deadline: it is asked on a thread that may outlive the question,
// and is not asked again before it has answered.
base::Result<os::Address> Link::find(Time deadline) {
  if (const std::optional<os::Address> address = os::numeric_address(where_)) return *address;
  if (!search_.valid()) {
    std::packaged_task<base::Result<os::Address>()> task(
        [where = where_, resolve = resolve_] { return resolve(where); });
    search_ = task.get_future();
    try {
      std::thread(std::move(task)).detach();
    } catch (const std::system_error& none) {  // There are as many threads as there may be.
      search_ = {};
      return failure(os::system_error("start a thread", none.code().value()).message);
    }
  }
  const Time left = std::max(deadline - os::steady_now(), Time(0));
  if (search_.wait_for(left) != std::future_status::ready)
    return failure("no address of " + where_.text() + " in time");
  return search_.get();
}

base::Status Link::open(Time deadline) {
  TRY(const os::Address address, find(deadline));
  TRY(os::Fd socket, os::connect_tcp(address));
  if (!wait(socket.number(), POLLOUT, deadline))
    return failure("no connection to " + where_.text() + " in time");
  if (const base::Status connected = os::connect_outcome(socket); !connected.ok())
    return failure("no connection to " + where_.text() + ": " + connected.error().message);
  connection_.emplace(std::move(socket));
  return base::Done{};
}

Outcome Link::call(Words words, Time deadline) {
  connection_->output() += encode(words);
  while (connection_->output_bytes() > 0) {
    // Whatever was sent may have arrived.
    const bool alive = connection_->flush();
    if (alive && (connection_->output_bytes() == 0 || wait(connection_->fd(), POLLOUT, deadline)))
      continue;
    close();
    return Unknown{where_.text() + " does not read"};
  }
  base::Result<resp::Reply> reply = receive(deadline);
  if (reply.ok()) return classify(std::move(reply).value());
  close();
  return Unknown{std::move(reply).error().message};
}

base::Result<resp::Reply> Link::receive(Time deadline) {
  while (true) {
    TRY(std::optional<resp::ParsedReply> parsed, resp::parse_reply(connection_->input()));
    if (parsed) {
      connection_->consume(parsed->size_bytes);
      return std::move(parsed->reply);
    }
    if (!wait(connection_->fd(), POLLIN, deadline))
      return failure("no answer from " + where_.text() + " in time");
    if (!connection_->receive()) return failure(where_.text() + " closed the connection");
  }
}

}  // namespace client
