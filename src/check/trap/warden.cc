// SPDX-License-Identifier: Apache-2.0
#include "check/trap/warden.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "check/trap/on_behalf.h"

namespace check::trap {

base::Result<std::unique_ptr<Warden>> Warden::start(Node node, sandbox::Fd listener) {
  sandbox::Fd end(::eventfd(0, EFD_CLOEXEC));
  if (!end.open()) return sandbox::system_error("cannot make an eventfd");
  std::unique_ptr<Warden> warden(new Warden(std::move(node), std::move(listener), std::move(end)));
  warden->thread_ = std::thread([w = warden.get()] { w->run(); });
  return warden;
}

Warden::Warden(Node node, sandbox::Fd listener, sandbox::Fd end)
    : node_(std::move(node)), listener_(std::move(listener)), end_(std::move(end)) {}

Warden::~Warden() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(end_.get(), &one, sizeof one);
  thread_.join();
}

void Warden::run() {
  ::pthread_setname_np(::pthread_self(), fmt::format("trap-n{}", node_.id.value).c_str());
  std::array<pollfd, 2> ready{pollfd{.fd = listener_.fd(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = end_.get(), .events = POLLIN, .revents = 0}};
  while (true) {
    if (::poll(ready.data(), ready.size(), patience()) < 0) continue;
    release_late();
    if (ready[1].revents != 0) break;
    if ((ready[0].revents & POLLIN) != 0) {
      if (const auto call = listener_.receive()) decide(*call);
    } else if (ready[0].revents != 0) {
      break;  // POLLHUP: the last process under the filter has ended.
    }
  }
  over_ = true;
}

int Warden::patience() const {
  if (late_.empty()) return -1;
  const auto first = std::ranges::min_element(late_, {}, &Late::until)->until;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Warden::release_late() {
  if (late_.empty()) return;
  const auto now = Clock::now();
  std::erase_if(late_, [&](const Late& one) {
    if (one.until > now) return false;
    listener_.let_pass(one.call);
    return true;
  });
}

void Warden::decide(const seccomp_notif& call) {
  std::optional<Call> which = call_of(call.data.nr);
  if (!which) return listener_.let_pass(call.id);
  const bool wanted = node_.arms->count(*which);
  const bool perhaps = which == Call::Pwrite64 && node_.arms->wants(Call::DurablePwrite64);
  if (perhaps && is_durable(call)) {
    which = Call::DurablePwrite64;
  } else if (!wanted) {
    return listener_.let_pass(call.id);
  }
  const std::string path = path_of(call);
  const bool ours = path.starts_with(node_.directory);
  if (!ours || !listener_.waits(call.id)) return listener_.let_pass(call.id);
  const std::string below = path.substr(node_.directory.size());
  const std::optional<Arms::Hit> hit = node_.arms->strike(*which, below);
  if (!hit) return listener_.let_pass(call.id);
  strike(call, *which, below, *hit);
}

// Returns what went wrong in it, if something did.
std::string Warden::kill(const seccomp_notif& call, Call which, Deed deed) const {
  base::Status done = base::Done{};
  if (deed == Deed::KillAfter) done = perform(call, which);
  const base::Status killed = node_.kill(node_.id);
  if (!killed.ok()) return killed.error().message;
  return done.ok() ? std::string() : done.error().message;
}

void Warden::strike(const seccomp_notif& call, Call which, const std::string& path,
                    const Arms::Hit& hit) {
  const auto tell = [&](const std::string& what) {
    if (!hit.sink) return;
    hit.sink(Strike{.id = hit.id,
                    .node = node_.id,
                    .call = which,
                    .path = path,
                    .observed = fmt::format("{} of {} {}", name(which), path, what),
                    .time = Clock::now()});
  };
  switch (hit.action.deed) {
    case Deed::KillBefore:
    case Deed::KillAfter: {
      const std::string wrong = kill(call, which, hit.action.deed);
      const bool before = hit.action.deed == Deed::KillBefore;
      tell(fmt::format("{}, n{} killed in it{}", before ? "not begun" : "done", node_.id.value,
                       wrong.empty() ? "" : ": " + wrong));
      return;
    }
    case Deed::Eio:
      tell("failed with EIO");
      return listener_.fail(call.id, EIO);
    case Deed::Enospc:
      tell("failed with ENOSPC");
      return listener_.fail(call.id, ENOSPC);
    case Deed::Lie: {
      const auto result = full_result(call, which);
      if (!result.ok()) {
        tell("let pass: " + result.error().message);
        return listener_.let_pass(call.id);
      }
      tell("not done, but said to be");
      return listener_.succeed(call.id, result.value());
    }
    case Deed::Delay:
      late_.push_back({Clock::now() + hit.action.delay, call.id});
      tell(fmt::format("delayed by {} us", hit.action.delay.count()));
      return;
  }
}

}  // namespace check::trap
