// SPDX-License-Identifier: Apache-2.0
#include "embed/engine.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>
#include <variant>

#include "journal/journal.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/error.h"
#include "transport/udp_transport.h"

namespace embed {
namespace {

using Kind = seaworthy::Outcome::Kind;
using Reason = replica::NotDone::Reason;

constexpr std::size_t kMaxBytes = std::size_t{8} << 20U;
// Of Token::first.
constexpr std::uint64_t kRequest = 0;
constexpr std::uint64_t kOrder = 1;

const char* reason(Reason reason) {
  switch (reason) {
    case Reason::NotLeader:
      return "this server does not lead";
    case Reason::Overloaded:
      return "this server has too much to do";
    case Reason::TooLong:
      return "it is longer than the transport can carry";
    case Reason::Transferring:
      return "leadership is being handed over";
    case Reason::ChangePending:
      return "another change of the members is under way";
    case Reason::NotReady:
      return "this leader has not yet written an entry of its own";
    case Reason::NotCaughtUp:
      return "a new voter lacks too much of the log";
    case Reason::Invalid:
      return "it makes no sense with the members as they are";
    case Reason::Failed:
      return "it did not come about";
  }
  return "it did not come about";
}

seaworthy::Outcome outcome_of(const replica::Outcome& outcome) {
  if (std::holds_alternative<replica::Done>(outcome)) return {Kind::Done, {}, {}};
  if (const auto* not_done = std::get_if<replica::NotDone>(&outcome)) {
    return {Kind::Refused, {}, reason(not_done->reason)};
  }
  return {Kind::Unknown, {}, "leadership was lost"};
}

base::Result<std::unique_ptr<transport::Transport>> open_transport_of(
    const seaworthy::Options& options, os::Loop& loop, const os::Log& log,
    const transport::Config& config, transport::Listener& listener) {
  if (options.transport == seaworthy::Transport::Udp) {
    TRY(auto udp, transport::UdpTransport::open(loop, log, config, listener));
    return std::unique_ptr<transport::Transport>(std::move(udp));
  }
  TRY(auto tcp, transport::TcpTransport::open(loop, log, config, listener));
  return std::unique_ptr<transport::Transport>(std::move(tcp));
}

// `error` of opening what is in `folder`, with the path of a file in place of its name.
base::Error told(base::Error error, const std::string& folder) {
  const bool is_of_folder = error.code != base::ErrorCode::Unavailable;
  if (!is_of_folder || error.message.find(folder + '/') != std::string::npos) return error;
  const bool names_file = !journal::file_of(error.message).empty();
  error.message.insert(0, folder + (names_file ? "/" : ": "));
  return error;
}

// The thread gets no signals: they are the program's. But for those that its own instructions
// raise: blocked, they would end the program, and SIGBUS is how a mapped log hears of its disk.
base::Result<std::thread> start_quietly(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  for (const int raised : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&all, raised);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  base::Result<std::thread> started = std::thread();
  try {
    started = std::thread(std::move(body));
  } catch (const std::system_error& failure) {  // There are as many threads as there may be.
    started = base::Error{base::ErrorCode::Unavailable,
                          os::system_error("start a thread", failure.code().value()).message};
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace

Engine::Engine(seaworthy::Options options, Setup setup, seaworthy::StateMachine& machine)
    : options_(std::move(options)),
      setup_(std::move(setup)),
      log_(options_.id),
      machine_(machine),
      sessions_(machine_, session::Limits{}) {}

base::Result<std::unique_ptr<Engine>> Engine::open(const seaworthy::Options& options,
                                                   seaworthy::StateMachine& machine) {
  TRY(Setup setup, read_setup(options));
  std::unique_ptr<Engine> engine(new Engine(options, std::move(setup), machine));
  TRY([[maybe_unused]] const auto begun, engine->begin());
  return engine;
}

base::Status Engine::begin() {
  TRY(loop_, os::Loop::make());
  wake_ = os::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.is_open()) return os::system_error("make an eventfd");
  waking_ = loop_->add(wake_.number(), os::Loop::Interest::Read, *this);
  auto folder = os::Directory::lock(options_.folder);
  if (!folder.ok() &&
      folder.error().code == base::ErrorCode::Io) {  // No disk failed: a wrong name.
    return base::Error{base::ErrorCode::Unavailable, folder.error().message};
  }
  if (folder.ok()) folder.value()->use_thread();
  TRY(disk_, std::move(folder));
  const auto open_transport =
      [this](transport::Listener& listener) -> base::Result<std::unique_ptr<transport::Transport>> {
    auto opened = open_transport_of(options_, *loop_, log_, setup_.transport, listener);
    if (opened.ok()) return opened;
    return base::Error{base::ErrorCode::Unavailable, opened.error().message};  // Not the disk.
  };
  auto opened = member::Member::open({*disk_, sessions_, *this}, setup_.member, open_transport);
  if (!opened.ok()) return told(opened.error(), options_.folder);
  member_ = std::move(opened).value();
  publish();
  TRY(thread_, start_quietly([this] { run(); }));
  return base::Done{};
}

Engine::~Engine() {
  stop_ = true;
  if (wake_.is_open()) ::eventfd_write(wake_.number(), 1);
  if (thread_.joinable()) thread_.join();
  member_.reset();
  if (waking_) loop_->remove(*waking_);
}

void Engine::run() {
  next_tick_ = os::steady_now();
  base::Status done = base::Done{};
  while (done.ok() && !stop_) done = turn();
  end(done.ok() ? "the server was closed" : done.error().message);
  if (!done.ok() && options_.on_failed) {
    options_.on_failed({seaworthy::Error::Kind::Storage, done.error().message});
  }
}

base::Status Engine::turn() {
  const Time wait = member_->replica().is_busy() ? Time(0) : next_tick_ - os::steady_now();
  TRY([[maybe_unused]] const auto waited, loop_->turn(std::max(wait, Time(0))));
  const Time now = os::steady_now();
  if (now >= next_tick_) {
    const auto missed = static_cast<std::uint64_t>((now - next_tick_) / kTick);
    next_tick_ = std::max(next_tick_ + kTick, now);
    member_->tick(now, missed);
    requests_.expire(now);
    expire_orders(now);
  }
  if (member_->is_outside()) requests_.give_up("this server was removed from the cluster");
  requests_.send(now, [this](const Attempt& attempt) { return submit(attempt); });
  base::Status finished = member_->finish_turn();
  publish();
  return finished;
}

// All that waits is told; nothing can be posted any more.
void Engine::end(const std::string& why) {
  std::vector<Posted> posted;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    posted.swap(posted_);
  }
  requests_.give_up(why);
  for (auto& [id, order] : std::exchange(orders_, {})) order.callback({Kind::Unknown, {}, why});
  for (const Posted& one : posted) one.callback({Kind::Refused, {}, why});
}

void Engine::post(std::size_t bytes, seaworthy::Callback callback, Task task) {
  const char* why = "the server has ended";
  {
    const std::lock_guard lock(mutex_);
    const bool many = waiting_ >= options_.max_waiting;
    if (!ended_ && !many && bytes <= options_.max_waiting_bytes - waiting_bytes_) {
      return push(counted(bytes, std::move(callback)), std::move(task));
    }
    if (!ended_) {
      why = many ? "too many requests are waiting" : "the requests that wait are too long together";
    }
    if (!ended_ && refused_ < options_.max_waiting) {
      ++refused_;
      return push(std::move(callback), [why](Engine& /*self*/, const seaworthy::Callback& told) {
        told({Kind::Refused, {}, why});
      });
    }
  }
  callback({Kind::Refused, {}, why});
}

// Requires: the mutex is held; as for the next.
seaworthy::Callback Engine::counted(std::size_t bytes, seaworthy::Callback callback) {
  ++waiting_;
  waiting_bytes_ += bytes;
  return [this, bytes, callback = std::move(callback)](seaworthy::Outcome outcome) {
    {
      const std::lock_guard lock(mutex_);
      --waiting_;
      waiting_bytes_ -= bytes;
    }
    callback(std::move(outcome));
  };
}

void Engine::push(seaworthy::Callback callback, Task task) {
  posted_.push_back({std::move(callback), std::move(task)});
  if (posted_.size() == 1) ::eventfd_write(wake_.number(), 1);
}

void Engine::on_ready(os::Ready /*ready*/) {
  eventfd_t count = 0;
  (void)::eventfd_read(wake_.number(), &count);
  std::vector<Posted> posted;
  {
    const std::lock_guard lock(mutex_);
    posted.swap(posted_);
    refused_ = 0;
  }
  for (const Posted& one : posted) one.task(*this, one.callback);
}

void Engine::write(std::string command, seaworthy::Callback callback) {
  request(true, std::move(command), std::move(callback));
}

void Engine::read(std::string query, seaworthy::Callback callback) {
  request(false, std::move(query), std::move(callback));
}

void Engine::request(bool is_write, std::string bytes, seaworthy::Callback callback) {
  if (bytes.size() > kMaxBytes) {
    return post(0, std::move(callback), [](Engine& /*self*/, const seaworthy::Callback& told) {
      told({Kind::Refused, {}, "it is longer than 8 MiB"});
    });
  }
  const std::size_t size = bytes.size();
  post(size, std::move(callback),
       [is_write, bytes = std::move(bytes)](Engine& self, const seaworthy::Callback& told) mutable {
         self.requests_.add(
             {is_write, std::move(bytes), told, os::steady_now() + self.options_.patience});
       });
}

bool Engine::submit(const Attempt& attempt) {
  const std::optional<raft::NodeId> leader = member_->node().leader();
  if (!leader) return false;
  member::Request request;
  if (attempt.is_write) {
    request.command = std::make_shared<const std::string>(attempt.bytes);
  } else {
    request.query = attempt.bytes;
  }
  return member_->submit({kRequest, attempt.ticket}, *leader, std::move(request));
}

void Engine::on_answer(member::Token token, replica::Outcome outcome) {
  if (token.first == kRequest) {
    return requests_.on_answer(token.second, outcome, os::steady_now());
  }
  const auto found = orders_.find(token.second);
  if (found == orders_.end()) return;
  const seaworthy::Callback callback = std::move(found->second.callback);
  orders_.erase(found);
  callback(outcome_of(outcome));
}

member::Token Engine::enter(seaworthy::Callback callback) {
  orders_.emplace(++last_order_, Order{std::move(callback), os::steady_now() + options_.patience});
  return {kOrder, last_order_};
}

// A change of the membership, or a snapshot, may take as long as it likes; the program may not
// wait.
void Engine::expire_orders(Time now) {
  while (!orders_.empty() && orders_.begin()->second.deadline <= now) {
    const seaworthy::Callback callback = std::move(orders_.begin()->second.callback);
    orders_.erase(orders_.begin());
    callback({Kind::Unknown, {}, "not decided in time"});
  }
}

void Engine::change_membership(const seaworthy::Membership& target,
                               const seaworthy::Callback& callback) {
  base::Result<raft::Configuration> configuration = configuration_of(target);
  if (!configuration.ok()) {
    return callback({Kind::Refused, {}, configuration.error().message});
  }
  post(0, callback,
       [target = std::move(configuration).value()](Engine& self, const seaworthy::Callback& told) {
         self.member_->change_membership(self.enter(told), target);
       });
}

void Engine::transfer(std::uint32_t to, const seaworthy::Callback& callback) {
  post(0, callback, [to](Engine& self, const seaworthy::Callback& told) {
    const std::optional<raft::NodeId> chosen =
        to == 0 ? self.member_->best_successor() : raft::NodeId{to};
    if (!chosen) return told({Kind::Refused, {}, "there is nobody to hand leadership to"});
    self.member_->transfer(self.enter(told), *chosen);
  });
}

void Engine::take_snapshot(const seaworthy::Callback& callback) {
  post(0, callback, [](Engine& self, const seaworthy::Callback& told) {
    self.member_->take_snapshot(self.enter(told));
  });
}

void Engine::on_standing(const member::Standing& /*standing*/) {
  publish();
  if (options_.on_standing) options_.on_standing(status().standing);
}

void Engine::publish() {
  const raft::Node& node = member_->node();
  const auto leader = node.leader();
  const bool changed = published_ != node.configuration();
  if (changed) published_ = node.configuration();
  const std::lock_guard lock(mutex_);
  status_.id = node.id().value;
  status_.standing = {node.role() == raft::Role::Leader, node.term().value(),
                      leader ? leader->value : 0};
  status_.commit = node.commit().value();
  status_.applied = member_->replica().applied().value();
  if (!changed) return;
  status_.membership = membership_of(published_);
  status_.is_changing = published_.is_joint();
}

seaworthy::Status Engine::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace embed
