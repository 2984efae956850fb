// SPDX-License-Identifier: Apache-2.0
#include "check/run/workload.h"

#include <algorithm>

#include "check/run/list_text.h"

namespace check::run {

namespace {

constexpr std::chrono::milliseconds kBackoff{50};

cluster::Answer performed(cluster::RaftClient& client, const Call& call) {
  switch (call.function) {
    case history::Function::Read:
      return client.read(call.key);
    case history::Function::Write:
      return client.write(call.key, *call.written);
    case history::Function::Cas:
      return client.cas(call.key, call.expected, *call.written);
    case history::Function::Append:
      return client.append(call.key, piece_of(*call.written));
  }
  return {};
}

// A connection that could not even be prepared: nothing was sent.
cluster::Answer not_sent(const base::Error& error) {
  cluster::Answer answer;
  answer.outcome = history::Outcome::Fail;
  answer.note = error.message;
  return answer;
}

}  // namespace

plan::Work possible_work(plan::Work work, const cluster::RaftClusterConfig& config) {
  if (work.kind == plan::WorkKind::Queue) return work;
  if (!config.capabilities().cas) work.cas = 0;
  if (work.read + work.write + work.cas == 0) work.read = work.write = 1;
  return work;
}

Workload::Workload(sandbox::Sandbox& sandbox, cluster::RaftClusterConfig& config, HistoryLog& log,
                   const faults::RunClock& clock, const plan::Work& work)
    : sandbox_(sandbox), config_(config), log_(log), clock_(clock), work_(work), keys_(work) {}

Workload::~Workload() { stop(); }

void Workload::start(std::uint64_t seed, std::chrono::milliseconds timeout) {
  timeout_ = timeout;
  base::Prng prng(seed);
  for (std::uint32_t number = 0; number < work_.clients; ++number) {
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->number = number;
    clients_.back()->process = number;
  }
  for (const auto& client : clients_) {
    client->thread =
        std::thread([this, &client = *client, own = prng.fork()]() mutable { work(client, own); });
  }
}

void Workload::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (const auto& client : clients_) {
    if (client->thread.joinable()) client->thread.join();
  }
}

bool Workload::rest() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !resting_; });
  resting_ = true;
  const std::uint64_t mine = ++rests_;
  const auto over = [this, mine] { return stopping_ || !resting_ || rests_ != mine; };
  changed_.wait(lock, [&] { return over() || waiting_ == clients_.size(); });
  return !over();
}

void Workload::go_on() {
  {
    const std::lock_guard lock(mutex_);
    resting_ = false;
  }
  changed_.notify_all();
}

Workload::Counts Workload::counts() const {
  Counts sum;
  for (const auto& client : clients_) {
    sum.ok += client->ok;
    sum.fail += client->fail;
    sum.info += client->info;
  }
  return sum;
}

std::vector<std::optional<history::Moment>> Workload::last_served() const {
  std::vector<std::optional<history::Moment>> result;
  for (const auto& client : clients_) {
    const std::uint64_t ns = client->last_served_ns;
    result.push_back(ns == 0 ? std::nullopt : std::optional(history::Moment(ns - 1)));
  }
  return result;
}

std::uint64_t Workload::next_process() const {
  std::uint64_t largest = 0;
  for (const auto& client : clients_) largest = std::max(largest, client->process.load());
  return largest + work_.clients;
}

Workload::Turn Workload::next_turn(std::uint64_t& parted) {
  std::unique_lock lock(mutex_);
  if (stopping_) return Turn::Stop;
  if (!resting_) return Turn::Work;
  if (parted != rests_) {
    parted = rests_;
    return Turn::Farewell;
  }
  waiting_ += 1;
  changed_.notify_all();
  changed_.wait(lock, [this] { return stopping_ || !resting_; });
  waiting_ -= 1;
  return stopping_ ? Turn::Stop : Turn::Rested;
}

void Workload::record(Client& client, history::Moment called, const cluster::Answer& answer) const {
  switch (answer.outcome) {
    case history::Outcome::Ok:
      client.ok += 1;
      client.last_served_ns = called.value() + 1;
      break;
    case history::Outcome::Fail:
      client.fail += 1;
      break;
    case history::Outcome::Info:
      client.info += 1;
      client.process += work_.clients;
      break;
  }
}

bool Workload::perform(Client& client, Asking& asking, Connections& connections, Call& call) {
  // First, since what a client needs to start is no part of the operation.
  const auto ready = connections.to(call.node);
  call.process = client.process;
  const history::Moment called = clock_.now();  // Not after the history's own.
  log_.invoke(call);
  const cluster::Answer answer =
      ready.ok() ? performed(*ready.value(), call) : not_sent(ready.error());
  log_.complete(call, answer);
  record(client, called, answer);
  const bool known = asking.learn(call, answer);
  if (!known) connections.give_up(call.node);
  return known;
}

// After a refusal: what keeps a client of a dead node from filling the history.
void Workload::pause() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kBackoff, [this] { return stopping_; });
}

void Workload::work(Client& client, base::Prng prng) {
  const base::Status entered = sandbox_.enter_clients_network();
  CHECK(entered.ok(), entered.error().message);
  const std::uint32_t nodes = config_.nodes();
  const bool roams = client.number >= nodes * work_.stay;
  Route route(nodes, {1 + client.number % nodes},
              {.roams = roams, .rotates = roams && work_.rotate_reads});
  Connections connections(config_, timeout_);
  const auto asking = Asking::create(work_, client.number, keys_);

  std::vector<Call> owed;    // What is to be read before anything else.
  std::uint64_t parted = 0;  // The rest that this client has said farewell to.
  for (;;) {
    const Turn turn = next_turn(parted);
    if (turn == Turn::Stop) break;
    if (turn == Turn::Rested) owed = asking->owed();
    const bool pays = turn != Turn::Farewell && !owed.empty();
    Call call = turn == Turn::Farewell ? asking->farewell()
                : pays                 ? owed.back()
                                       : asking->next(prng);
    const bool reads = call.function == history::Function::Read;
    call.node = route.next(reads);
    if (perform(client, *asking, connections, call)) {
      if (pays) owed.pop_back();
      continue;
    }
    route.unanswered(reads, prng);
    pause();
  }
  connections.close();
}

}  // namespace check::run
