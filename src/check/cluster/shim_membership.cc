// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/shim_membership.h"

#include <algorithm>
#include <thread>

namespace check::cluster {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuestion{3000};
constexpr milliseconds kAgain{50};

}  // namespace

base::Result<std::string> ShimMembership::ask(ShimFunction function, NodeId member,
                                              milliseconds limit) const {
  const Deadline deadline = Deadline::after(limit);
  base::Error last{base::ErrorCode::Timeout, "no node was asked in time"};
  Shim shim(shim_);
  while (!deadline.passed()) {
    for (std::uint32_t k = 1; k <= hosts_.nodes(); ++k) {
      const NodeId asked{k};
      const bool itself = asked == member && function != ShimFunction::Transfer;
      if (itself || !hosts_.running(asked) || deadline.passed()) continue;
      ShimRequest request{
          .node = asked, .function = function, .key = {}, .expected = {}, .written = {}};
      request.member = member;
      const Exchange<ShimReply> exchange = shim.ask(request, std::min(kQuestion, deadline.left()));
      const auto* reply = std::get_if<ShimReply>(&exchange);
      const std::string note = reply != nullptr ? reply->note : std::get<Broken>(exchange).note;
      if (reply != nullptr && reply->outcome == history::Outcome::Ok) {
        return hosts_.name(asked) + " was asked, and has done it";
      }
      last = {base::ErrorCode::Unavailable, hosts_.name(asked) + ": " + note};
    }
    std::this_thread::sleep_for(std::min(kAgain, deadline.left()));
  }
  return last;
}

base::Status ShimMembership::add(NodeId node, milliseconds limit) {
  TRY([[maybe_unused]] const std::string done, ask(ShimFunction::Add, node, limit));
  const std::lock_guard<std::mutex> guard(mutex_);
  joined_.insert(node);
  return base::Done{};
}

base::Status ShimMembership::remove(NodeId node, milliseconds limit) {
  TRY([[maybe_unused]] const std::string done, ask(ShimFunction::Remove, node, limit));
  return base::Done{};
}

// That a leader does not hand over is an answer, too.
base::Result<std::string> ShimMembership::transfer(NodeId to, milliseconds limit) {
  const auto answer = ask(ShimFunction::Transfer, to, std::min(limit, kQuestion));
  if (answer.ok()) return answer.value();
  if (answer.error().code == base::ErrorCode::Timeout) return answer.error();
  return "asked to hand over to " + hosts_.name(to) + "; last, " + answer.error().message;
}

bool ShimMembership::joined(NodeId node) const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return joined_.contains(node);
}

}  // namespace check::cluster
