// SPDX-License-Identifier: Apache-2.0
#include "check/faults/member_faults.h"

#include <fmt/format.h>

#include <optional>
#include <thread>

namespace check::faults {

namespace {

using std::chrono::milliseconds;

// For a majority to agree, at a moment that was chosen because it is a bad one.
constexpr milliseconds kLimit{15'000};
// Of one wish. A run that is interrupted does not wait longer.
constexpr milliseconds kOneWish{3'000};
constexpr milliseconds kAgain{50};

}  // namespace

template <class Call>
auto MemberFaults::in_clients_network(Call call) {
  std::optional<decltype(call(*world_.config.membership()))> answer;
  std::thread asking([&] {
    const base::Status entered = world_.sandbox.enter_clients_network();
    if (!entered.ok()) {
      answer.emplace(entered.error());
    } else {
      answer.emplace(call(*world_.config.membership()));
    }
  });
  asking.join();
  return *std::move(answer);
}

// An adapter asks until its time is over: what it is given in parts is one time.
template <class Call>
base::Status MemberFaults::ask(milliseconds limit, Call call) {
  const auto end = std::chrono::steady_clock::now() + limit;
  base::Status last = base::Error{base::ErrorCode::Timeout, "nobody was asked in time"};
  while (!world_.stop.requested()) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left <= milliseconds(0)) return last;
    const milliseconds part = std::min(left, kOneWish);
    last = in_clients_network(
        [&call, part](cluster::Membership& membership) { return call(membership, part); });
    if (last.ok()) return last;
    (void)world_.stop.wait(kAgain);
  }
  return base::Error{base::ErrorCode::Unavailable, "the run was to end: " + world_.stop.reason()};
}

base::Result<std::string> MemberFaults::transfer(history::NodeId to) {
  return in_clients_network(
      [to](cluster::Membership& membership) { return membership.transfer(to, kOneWish); });
}

base::Result<std::string> MemberFaults::remove(const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    world_.excuse(node);
    TRY([[maybe_unused]] const base::Done removed, remove(node, kLimit));
  }
  return fmt::format("the cluster has agreed to go on without {} of {} nodes", nodes.size(),
                     nodes.size());
}

// A wish that was not answered may still be fulfilled.
base::Status MemberFaults::remove(history::NodeId node, milliseconds limit) {
  {
    const std::lock_guard lock(mutex_);
    outside_.insert(node);
    unsure_.insert(node);
  }
  const base::Status removed =
      ask(limit, [node](cluster::Membership& membership, milliseconds part) {
        return membership.remove(node, part);
      });
  if (!removed.ok()) {
    return base::Error{removed.error().code,
                       fmt::format("n{} was not removed: {}", node.value, removed.error().message)};
  }
  const std::lock_guard lock(mutex_);
  unsure_.erase(node);
  return base::Done{};
}

base::Result<std::string> MemberFaults::add(const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    TRY([[maybe_unused]] const base::Done added, add(node, kLimit));
  }
  return fmt::format("{} of {} nodes are new members with empty disks, and run", nodes.size(),
                     nodes.size());
}

// Only what is certainly no member any more loses its disk.
base::Status MemberFaults::add(history::NodeId node, milliseconds limit) {
  {
    const std::lock_guard lock(mutex_);
    if (!outside_.contains(node) || unsure_.contains(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} was not removed: it cannot be added", node.value)};
    }
  }
  TRY([[maybe_unused]] const base::Done killed, world_.config.kill(node));
  const base::Status added = ask(limit, [node](cluster::Membership& membership, milliseconds part) {
    return membership.add(node, part);
  });
  if (!added.ok()) {
    return base::Error{added.error().code,
                       fmt::format("n{} was not added: {}", node.value, added.error().message)};
  }
  TRY([[maybe_unused]] const base::Done emptied, world_.hosts.empty(node));
  {
    const std::lock_guard lock(mutex_);
    outside_.erase(node);
  }
  TRY([[maybe_unused]] const base::Done started, world_.config.start(node));
  base::Status admitted = ask(limit, [node](cluster::Membership& membership, milliseconds part) {
    return membership.admit(node, part);
  });
  if (admitted.ok()) return admitted;
  return base::Error{admitted.error().code, fmt::format("n{} was added, and does not count: {}",
                                                        node.value, admitted.error().message)};
}

MemberFaults::Nodes MemberFaults::outside() const {
  const std::lock_guard lock(mutex_);
  return outside_;
}

base::Status MemberFaults::heal_all(milliseconds limit) {
  for (const history::NodeId node : outside()) {
    TRY([[maybe_unused]] const base::Done removed, remove(node, limit));
    TRY([[maybe_unused]] const base::Done added, add(node, limit));
  }
  return base::Done{};
}

}  // namespace check::faults
