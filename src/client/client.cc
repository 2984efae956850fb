// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "os/clock.h"

namespace client {
namespace {

// Between two rounds over all nodes, so that a cluster without a leader is not flooded.
constexpr std::chrono::milliseconds kPause{20};
// Nodes that MOVED may add to those that were given.
constexpr std::size_t kMaxNodes = 64;

}  // namespace

Client::Client(Config config) : config_(std::move(config)) {
  CHECK(!config_.nodes.empty());
  links_.reserve(config_.nodes.size());
  for (const os::HostPort& node : config_.nodes) links_.emplace_back(node);
}

Outcome Client::call(Words words, Effect effect) {
  const Time deadline = os::steady_now() + config_.patience;
  while (true) {
    Outcome outcome = attempt(words, deadline);
    if (std::holds_alternative<Done>(outcome)) return outcome;
    auto* unknown = std::get_if<Unknown>(&outcome);
    if (unknown != nullptr && effect == Effect::Write) return outcome;
    if (os::steady_now() + kPause < deadline) continue;
    return unknown == nullptr ? std::move(outcome) : NotDone{std::move(unknown->why)};
  }
}

Outcome Client::attempt(Words words, Time deadline) {
  deadline = std::min<Time>(deadline, os::steady_now() + config_.attempt);
  if (const base::Status ready = prepare(deadline); !ready.ok()) {
    next_node();
    return NotDone{ready.error().message};
  }
  Outcome outcome = links_[node_].call(words, deadline);
  const auto* done = std::get_if<Done>(&outcome);
  if (done == nullptr) {
    next_node();
  } else if (follow(done->reply)) {
    return NotDone{"another node leads"};
  }
  return outcome;
}

base::Status Client::prepare(Time deadline) {
  Link& link = links_[node_];
  if (link.is_open()) return base::Done{};
  TRY([[maybe_unused]] const auto opened, link.open(deadline));
  if (!config_.follow_leader) return base::Done{};
  constexpr std::string_view kAsk[] = {"CLIENT", "REDIRECT", "ON"};
  const Outcome asked = link.call(kAsk, deadline);
  if (std::holds_alternative<Done>(asked)) return base::Done{};
  link.close();
  return base::Error{base::ErrorCode::Unavailable, "no answer from " + link.where().text()};
}

// "MOVED 0 HOST:PORT"
bool Client::follow(const resp::Reply& reply) {
  if (reply.kind != resp::Reply::Kind::Error || !reply.text.starts_with("MOVED ")) return false;
  const auto where = os::parse_host_port(reply.text.substr(reply.text.rfind(' ') + 1));
  const auto known = std::ranges::find_if(
      links_, [&](const Link& link) { return where.ok() && link.where() == where.value(); });
  if (known != links_.end()) {
    node_ = static_cast<std::size_t>(known - links_.begin());
  } else if (where.ok() && links_.size() < kMaxNodes) {
    node_ = links_.size();
    links_.emplace_back(where.value());
  } else {
    next_node();
  }
  return true;
}

void Client::next_node() {
  links_[node_].close();
  node_ = (node_ + 1) % links_.size();
  if (node_ == 0) poll(nullptr, 0, static_cast<int>(kPause.count()));
}

}  // namespace client
