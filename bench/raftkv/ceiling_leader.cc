// SPDX-License-Identifier: Apache-2.0
#include "ceiling_leader.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/crc32c.h"
#include "os/net.h"

namespace ceiling {
namespace {

constexpr std::uint64_t kListening = std::uint64_t{1} << 32U;
constexpr std::uint64_t kFollower = std::uint64_t{2} << 32U;
constexpr std::size_t kReadAtOnce = std::size_t{128} << 10;

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "ceiling: {}\n", why);
  std::exit(3);
}

// MARK NUMBER CR LF at `at`, which moves behind it.
std::optional<std::size_t> number_line(std::string_view input, char mark, std::size_t& at) {
  if (at >= input.size()) return std::nullopt;
  if (input[at] != mark) fail("not a command: arrays of bulk strings only");
  std::size_t number = 0;
  for (std::size_t i = at + 1; i + 1 < input.size(); ++i) {
    if (input[i] == '\r') {
      at = i + 2;
      return number;
    }
    number = 10 * number + static_cast<std::size_t>(input[i] - '0');
  }
  return std::nullopt;
}

std::optional<std::string_view> bulk(std::string_view input, std::size_t& at) {
  const auto size = number_line(input, '$', at);
  if (!size || input.size() - at < *size + 2) return std::nullopt;
  const std::string_view found = input.substr(at, *size);
  at += *size + 2;
  return found;
}

}  // namespace

Leader::Leader(Log& log, os::Fd listening, std::array<os::Fd, 2> followers)
    : log_(log),
      listening_(std::move(listening)),
      followers_(std::move(followers)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      received_(kReadAtOnce) {
  watch(listening_.number(), kListening);
  for (std::size_t i = 0; i < followers_.size(); ++i)
    watch(followers_.at(i).number(), kFollower + i);
}

void Leader::watch(int fd, std::uint64_t name) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = name;
  if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, fd, &event) != 0) fail("cannot watch a socket");
}

void Leader::serve() {
  std::array<epoll_event, 1024> events{};
  while (true) {
    const int count = epoll_wait(epoll_.number(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t name = events.at(static_cast<std::size_t>(i)).data.u64;
      if (name >= kFollower) {
        read_follower(name - kFollower);
      } else if (name == kListening) {
        accept_clients();
      } else {
        read_client(static_cast<std::uint32_t>(name));
      }
    }
    send_round();
    const bool has_batch = !gathering_.clients.empty();
    send_batch();
    commit();
    answer_reads();
    flush();
    if (!has_batch) continue;
    log_.append(sent_.back().frame);
    stored_ = last_batch_;
    commit();
    flush();
  }
}

void Leader::accept_clients() {
  while (true) {
    auto socket = os::accept_tcp(listening_);
    if (!socket.ok() || !socket.value()) return;
    auto client = std::make_unique<Client>();
    client->socket = std::move(*std::move(socket).value());
    watch(client->socket.number(), clients_.size());
    clients_.push_back(std::move(client));
  }
}

// Into one buffer for all: what is parsed at once need not be kept.
void Leader::read_client(std::uint32_t name) {
  Client& client = *clients_[name];
  const ssize_t count =
      recv(client.socket.number(), received_.data(), received_.size(), MSG_DONTWAIT);
  if (count <= 0) {
    if (count == 0 || errno != EAGAIN) client.socket.close();
    return;
  }
  std::string_view input(received_.data(), static_cast<std::size_t>(count));
  if (!client.rest.empty()) {
    client.rest += input;
    input = client.rest;
  }
  std::size_t at = 0;
  while (const std::size_t used = take_command(name, input.substr(at))) at += used;
  client.rest = std::string(input.substr(at));
}

std::size_t Leader::take_command(std::uint32_t client, std::string_view input) {
  std::size_t at = 0;
  const auto words = number_line(input, '*', at);
  if (!words) return 0;
  const auto name = bulk(input, at);
  const auto key = bulk(input, at);
  if (!name || !key) return 0;
  if (*words == 2 && *name == "GET") {
    new_reads_.push_back({client, std::string(*key)});
    return at;
  }
  if (*words != 3 || *name != "SET") fail("it knows SET KEY VALUE and GET KEY only");
  const auto value = bulk(input, at);
  if (!value) return 0;
  add_write(client, *key, *value);
  return at;
}

void Leader::add_write(std::uint32_t client, std::string_view key, std::string_view value) {
  if (gathering_.clients.empty()) {
    if (!spare_.empty()) {
      gathering_ = std::move(spare_.back());
      spare_.pop_back();
    }
    gathering_.frame.reserve_behind(sizeof(FrameHead));
    gathering_.frame.grow_to(sizeof(FrameHead));
  }
  const EntryHead head{static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(value.size())};
  gathering_.frame.append(&head, sizeof head);
  gathering_.frame.append(key.data(), key.size());
  gathering_.frame.append(value.data(), value.size());
  gathering_.clients.push_back(client);
}

void Leader::send_batch() {
  if (gathering_.clients.empty()) return;
  Buffer& frame = gathering_.frame;
  const std::string_view entries(frame.data() + sizeof(FrameHead),
                                 frame.size() - sizeof(FrameHead));
  const FrameHead head{static_cast<std::uint32_t>(entries.size()), base::crc32c(entries),
                       ++last_batch_, 0};
  std::memcpy(frame.data(), &head, sizeof head);
  to_followers(frame.data(), frame.size());
  sent_.push_back(std::exchange(gathering_, Batch{}));
}

void Leader::send_round() {
  if (new_reads_.empty()) return;
  rounds_.push_back({++last_round_, std::exchange(new_reads_, {})});
  const FrameHead head{0, base::crc32c(""), 0, last_round_};
  to_followers(&head, sizeof head);
}

void Leader::to_followers(const void* bytes, std::size_t count) {
  for (const os::Fd& follower : followers_) {
    const char* from = static_cast<const char*>(bytes);
    for (std::size_t left = count; left > 0;) {
      const ssize_t sent = send(follower.number(), from, left, MSG_NOSIGNAL);
      if (sent < 0) fail("a follower is gone");
      from += sent;
      left -= static_cast<std::size_t>(sent);
    }
  }
}

void Leader::read_follower(std::size_t which) {
  std::array<Ack, 256> acks{};
  const ssize_t count = recv(followers_.at(which).number(), acks.data(), sizeof acks, MSG_DONTWAIT);
  // An Ack is sent whole, and a whole number of them fits: TCP on loopback never splits one.
  if (count <= 0 || count % static_cast<ssize_t>(sizeof(Ack)) != 0) fail("a follower is gone");
  acks_.at(which) = acks.at(static_cast<std::size_t>(count) / sizeof(Ack) - 1);
}

void Leader::commit() {
  std::array<std::uint64_t, 3> stored{stored_, acks_[0].batch, acks_[1].batch};
  std::ranges::sort(stored);
  for (; committed_ < stored[1]; ++committed_) {
    apply(sent_.front());
    Batch& done = sent_.front();
    done.frame.clear();
    done.clients.clear();
    spare_.push_back(std::move(done));
    sent_.pop_front();
  }
}

void Leader::apply(const Batch& batch) {
  const char* at = batch.frame.data() + sizeof(FrameHead);
  for (const std::uint32_t client : batch.clients) {
    EntryHead head;
    std::memcpy(&head, at, sizeof head);
    const std::string_view key(at + sizeof head, head.key_bytes);
    const std::string_view value(at + sizeof head + head.key_bytes, head.value_bytes);
    const auto found = values_.find(key);
    if (found != values_.end()) {
      found->second.assign(value);
    } else {
      values_.emplace(key, value);
    }
    at += sizeof head + head.key_bytes + head.value_bytes;
    output_of(client) += "+OK\r\n";
  }
}

void Leader::answer_reads() {
  const std::uint64_t confirmed = std::max(acks_[0].round, acks_[1].round);
  while (!rounds_.empty() && rounds_.front().number <= confirmed) {
    for (const Waiting& read : rounds_.front().reads) {
      std::string& output = output_of(read.client);
      const auto found = values_.find(std::string_view(read.key));
      if (found == values_.end()) {
        output += "$-1\r\n";
        continue;
      }
      output += fmt::format("${}\r\n", found->second.size());
      output += found->second;
      output += "\r\n";
    }
    rounds_.pop_front();
  }
}

std::string& Leader::output_of(std::uint32_t client) {
  Client& found = *clients_[client];
  if (!found.dirty) dirty_.push_back(client);
  found.dirty = true;
  return found.output;
}

void Leader::flush() {
  std::size_t kept = 0;
  for (const std::uint32_t name : dirty_) {
    Client& client = *clients_[name];
    const ssize_t sent = send(client.socket.number(), client.output.data(), client.output.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(client.output.size()) || (sent < 0 && errno != EAGAIN)) {
      client.output.clear();
      client.dirty = false;
      continue;
    }
    // It does not read as fast: the rest in the next turn.
    if (sent > 0) client.output.erase(0, static_cast<std::size_t>(sent));
    dirty_[kept++] = name;
  }
  dirty_.resize(kept);
}

}  // namespace ceiling
