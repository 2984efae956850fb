// SPDX-License-Identifier: Apache-2.0
// A connection before it stands: Asking and Joining.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "check/monitor/connection.h"
#include "check/monitor/sockets.h"

namespace check::monitor {
namespace {

// A client repeats its SYN after a second: what is not answered by then is forgotten, and asked
// anew.
constexpr std::uint64_t kAskNs = 900'000'000;
constexpr std::uint64_t kJoinNs = 5'000'000'000;

}  // namespace

Connection::Connection(RelayContext& context, std::uint64_t number, const SynGate::Syn& syn)
    : context_(context),
      number_(number),
      flow_(syn.flow),
      packet_(syn.packet),
      links_{context.links.find(syn.flow.client.address, syn.flow.server.address),
             context.links.find(syn.flow.server.address, syn.flow.client.address)} {
  CHECK(links_[Client] != nullptr && links_[Server] != nullptr);
  for (const Side side : {Client, Server}) {
    legs_[side].connection = this;
    legs_[side].side = side;
    sequence_[side] = static_cast<std::uint32_t>((number * 2 + side) * 0x9e3779b1U);
  }
  ask_at_ns_ = context_.loop.now_ns() + links_[Client]->draw_delay_ns();
  deadline_ns_ = ask_at_ns_ + kAskNs;
}

void Connection::wake() {
  switch (state_) {
    case State::Asking:
      wake_asking();
      break;
    case State::Joining:
      if (context_.loop.now_ns() >= deadline_ns_) finish(ConnectionChange::Reset);
      break;
    case State::Open:
      if (acts()) wake_talk();
      flush(Client);
      flush(Server);
      update();
      break;
    case State::Over:
      break;
  }
}

void Connection::wake_asking() {
  const std::uint64_t now = context_.loop.now_ns();
  const bool held = links_[Client]->held || links_[Server]->held;
  if (now >= deadline_ns_) {
    give_up();
  } else if (!legs_[Server].fd.open() && !answer_ && !held && now >= ask_at_ns_) {
    ask();
  } else if (answer_ && !held && now >= answer_at_ns_) {
    pass();
    return;
  } else {
    wake_at(now < ask_at_ns_ ? ask_at_ns_
                             : (answer_ && now < answer_at_ns_ ? answer_at_ns_ : deadline_ns_));
  }
}

// The client that gets an answer is the one that asked before this, the server that gives it
// listens now: whatever becomes of the connection later, these two processes have opened it.
void Connection::ask() {
  asked_ns_ = monotonic_ns();
  auto socket = connect_as(flow_.client, flow_.server);
  Leg& leg = legs_[Server];
  if (socket.ok()) {
    leg.fd = std::move(socket).value();
    const auto added = context_.loop.add(leg.fd.get(), EPOLLOUT, leg);
    if (added.ok()) {
      leg.watched = EPOLLOUT;
      wake_at(deadline_ns_);
      return;
    }
  }
  give_up();  // For the client as if its SYN was lost: it tries again.
}

void Connection::on_asked() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(legs_[Server].fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  answer_ = error;
  answer_at_ns_ = context_.loop.now_ns() + links_[Server]->draw_delay_ns();
  deadline_ns_ = answer_at_ns_ + kAskNs;
  watch(legs_[Server]);
  wake();
}

void Connection::pass() {
  if (*answer_ == 0) {
    state_ = State::Joining;
    deadline_ns_ = context_.loop.now_ns() + kJoinNs;
    wake_at(deadline_ns_);
    context_.gate.answer(packet_, SynGate::Verdict::Pass);
    return;
  }
  const bool refused = *answer_ == ECONNREFUSED;
  note(refused ? ConnectionChange::Refused : ConnectionChange::Unanswered);
  context_.gate.answer(packet_, refused ? SynGate::Verdict::Refuse : SynGate::Verdict::Forget);
  over();
}

void Connection::give_up() {
  note(ConnectionChange::Unanswered);
  context_.gate.answer(packet_, SynGate::Verdict::Forget);
  if (answer_ == 0) reset_on_close(legs_[Server].fd.get());
  over();
}

void Connection::join(sandbox::Fd client) {
  CHECK(state_ == State::Joining);
  legs_[Client].fd = std::move(client);
  state_ = State::Open;
  if (context_.messages != nullptr && context_.messages->wants(flow_.server.port)) {
    talk_ = std::make_unique<Conversation>(
        *context_.messages, Conversation::make_tools(*context_.messages),
        Conversation::Of{.connection = number_, .opened_ns = asked_ns_, .links = links_});
  }
  links_[Client]->connections.add(1);
  log(Client, kSyn, {});
  log(Server, kSyn | kAck, {});
  log(Client, kAck, {});
  note(ConnectionChange::Opened);
  update();
}

}  // namespace check::monitor
