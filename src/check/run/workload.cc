// SPDX-License-Identifier: Apache-2.0
#include "check/run/workload.h"

#include <fmt/format.h>

#include <algorithm>

namespace check::run {

namespace {

// After a refusal: what keeps a client of a dead node from filling the history.
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
      break;  // No target of a run has it.
  }
  CHECK(false);
  return {};
}

// A connection that could not even be prepared: nothing was sent.
cluster::Answer not_sent(const base::Error& error) {
  cluster::Answer answer;
  answer.outcome = history::Outcome::Fail;
  answer.note = error.message;
  return answer;
}

// The newest value that the client knows of the key; false if the answer does not tell.
bool remember(const Call& call, const cluster::Answer& answer, history::Value& newest) {
  if (answer.outcome == history::Outcome::Ok) {
    newest = call.function == history::Function::Read ? answer.found : call.written;
    return true;
  }
  const bool mismatch = answer.outcome == history::Outcome::Fail && answer.found_known;
  if (mismatch) newest = answer.found;
  return mismatch;
}

}  // namespace

std::string key_name(std::uint64_t k) { return fmt::format("k{}", k); }

Workload::Workload(sandbox::Sandbox& sandbox, cluster::RaftClusterConfig& config, HistoryLog& log,
                   const faults::RunClock& clock, const plan::Work& work)
    : sandbox_(sandbox), config_(config), log_(log), clock_(clock), work_(work) {}

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

// Each client has numbers of its own.
std::string Workload::unique_value(const Client& client, std::uint64_t sequence) const {
  return fmt::format("{}", client.number + sequence * work_.clients);
}

Call Workload::next_call(const Client& client, base::Prng& prng, std::uint64_t sequence,
                         const std::vector<history::Value>& seen) const {
  Call call;
  call.process = client.process;
  const std::uint64_t key = prng.between(0, work_.keys - 1);
  call.key = key_name(key);
  const std::uint64_t draw = prng.between(1, work_.read + work_.write + work_.cas);
  // Of a client whose last operation got no answer, the next is of the other kind: a leader that
  // was cut off may be wrong to answer reads, or to acknowledge writes, and the wait for the other
  // hides it.
  const bool reads = client.unanswered == Unanswered::Nothing
                         ? draw <= work_.read
                         : client.unanswered == Unanswered::Write;
  if (reads) {
    call.function = history::Function::Read;
    return call;
  }
  call.written = unique_value(client, sequence);
  call.function = history::Function::Write;
  if (draw > work_.read + work_.write) {
    call.function = history::Function::Cas;
    call.expected = seen[key];
  }
  return call;
}

// After a rest the clients share the keys out and read each before it is written again: what was
// acknowledged before must still be there.
std::vector<std::uint64_t> Workload::keys_of(const Client& client) const {
  std::vector<std::uint64_t> keys = {client.number % work_.keys};
  for (std::uint64_t key = client.number + work_.clients; key < work_.keys; key += work_.clients) {
    keys.push_back(key);
  }
  return keys;
}

Workload::Unanswered Workload::left_by(const Call& call, bool answered) {
  if (answered) return Unanswered::Nothing;
  return call.function == history::Function::Read ? Unanswered::Read : Unanswered::Write;
}

void Workload::work(Client& client, base::Prng prng) {
  const base::Status entered = sandbox_.enter_clients_network();
  CHECK(entered.ok(), entered.error().message);
  const std::uint32_t nodes = config_.nodes();
  const bool roams = client.number >= nodes * work_.stay;
  std::uint32_t node = 1 + client.number % nodes;
  std::unique_ptr<cluster::RaftClient> connection = config_.create_client();
  bool connected = false;
  std::vector<history::Value> seen(work_.keys);

  std::vector<std::uint64_t> owed;  // What is to be read before anything else.
  std::uint64_t parted = 0;         // The rest that this client has said farewell to.
  for (std::uint64_t sequence = 0;; ++sequence) {
    const Turn turn = next_turn(parted);
    if (turn == Turn::Stop) break;
    if (turn == Turn::Rested) owed = keys_of(client);
    Call call = next_call(client, prng, sequence, seen);
    if (turn == Turn::Farewell) {
      call = {.process = call.process,
              .function = history::Function::Write,
              .key = key_name(keys_of(client).front()),
              .written = unique_value(client, sequence)};
    } else if (!owed.empty()) {
      call = {.process = call.process, .key = key_name(owed.back())};  // A read.
    }
    call.node = {node};
    const history::Moment called = clock_.now();  // Not after the history's own.
    log_.invoke(call);
    cluster::Answer answer;
    base::Status ready = base::Done{};
    if (!connected) ready = connection->connect({node}, timeout_);
    connected = ready.ok();
    answer = ready.ok() ? performed(*connection, call) : not_sent(ready.error());
    log_.complete(call, answer);
    record(client, called, answer);

    history::Value& newest = seen[std::stoull(call.key.substr(1))];
    const bool known = remember(call, answer, newest);
    const bool ok = answer.outcome == history::Outcome::Ok;
    const bool paid = ok && turn != Turn::Farewell && !owed.empty();
    if (paid) owed.pop_back();
    client.unanswered = left_by(call, known);
    if (known) continue;

    connected = false;
    if (roams) node = 1 + static_cast<std::uint32_t>(prng.between(0, nodes - 1));
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kBackoff, [this] { return stopping_; });
  }
  connection->close();
}

}  // namespace check::run
