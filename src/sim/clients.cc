// SPDX-License-Identifier: Apache-2.0
#include "sim/clients.h"

#include <utility>

#include "base/check.h"
#include "check/history/event.h"
#include "check/linear/linear.h"
#include "check/model/model.h"
#include "kv/command.h"
#include "session/command.h"

namespace sim {

namespace {

namespace history = check::history;

// At least `width` long.
std::string value_text(std::uint64_t value, std::uint64_t width) {
  std::string text = std::to_string(value);
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

history::Function history_function(Function function) {
  switch (function) {
    case Function::Read:
      return history::Function::Read;
    case Function::Write:
      return history::Function::Write;
    case Function::Cas:
      return history::Function::Cas;
    case Function::Append:
      return history::Function::Append;
    case Function::Open:
      break;
  }
  return history::Function::Read;
}

// Of the judge's search, before it says that it does not know.
constexpr std::uint64_t kMostPolls = 2'000'000;

// Pieces of an appended text end in a comma, so that they can be told apart.
std::string written_text(const Question& question, std::uint64_t width) {
  return value_text(question.value, width) + (question.function == Function::Append ? "," : "");
}

// A text or nothing. False if the reply is neither.
bool read_content(const kv::Reply& reply, history::Value& into) {
  const auto* bulk = std::get_if<kv::Bulk>(&reply.value);
  if (bulk != nullptr) into = bulk->bytes;
  return bulk != nullptr || std::holds_alternative<kv::Nil>(reply.value);
}

}  // namespace

std::string key_name(std::uint32_t key) {
  return key < kFirstTextKey ? "k" + std::to_string(key)
                             : "t" + std::to_string(key - kFirstTextKey);
}

raft::Payload Clients::command(const Question& question) const {
  const std::string key = key_name(question.key);
  if (question.function == Function::Append) {
    return std::make_shared<const std::string>(
        kv::encode(kv::Command(kv::Append{key, written_text(question, width_)})));
  }
  kv::Set set{key, written_text(question, width_), kv::Always{}, false};
  if (question.function == Function::Cas) {
    set.get = true;  // The value found tells whether it matched.
    if (question.expected == 0) {
      set.condition = kv::IfAbsent{};
    } else {
      set.condition = kv::IfEqual{value_text(question.expected, width_)};
    }
  }
  return std::make_shared<const std::string>(kv::encode(kv::Command(std::move(set))));
}

replica::RequestId Clients::next_request() {
  answered_.push_back(false);
  return replica::RequestId(answered_.size());
}

replica::RequestId Clients::ask(const Question& question, raft::NodeId node, std::uint64_t now) {
  Client& client = clients_[question.client - 1];
  client.open.reset();
  const replica::RequestId request = next_request();
  if (question.function == Function::Open) {
    client.waiting = {request, node, kNone, question};
    return request;
  }
  history::Operation operation;
  operation.invoked_at = history::EventIndex(++events_);
  operation.process = question.client + client.processes * static_cast<std::uint64_t>(64);
  operation.function = history_function(question.function);
  operation.key = key_name(question.key);
  if (question.function != Function::Read) operation.written = written_text(question, width_);
  if (question.function == Function::Cas && question.expected != 0) {
    operation.expected = value_text(question.expected, width_);
  }
  operation.called = history::Moment(now);
  operation.node = node.value;
  client.waiting = {request, node, operations_.size(), question};
  if (question.function != Function::Read && client.session != 0) {
    client.open = Open{operations_.size(), question, 1};
    client.sequence += 1;
    tickets_[*command(question)] = {client.session, client.sequence, 0};
  }
  operations_.push_back(std::move(operation));
  return request;
}

replica::RequestId Clients::retry(std::uint32_t id, raft::NodeId node) {
  Client& client = clients_[id - 1];
  client.open->tries += 1;
  const replica::RequestId request = next_request();
  client.waiting = {request, node, client.open->operation, client.open->question};
  return request;
}

raft::Payload Clients::payload(std::uint32_t id) const {
  const Client& client = clients_[id - 1];
  const Question& question = client.waiting->question;
  if (question.function == Function::Open) {
    return std::make_shared<const std::string>(session::encode(session::Command(session::Open{})));
  }
  raft::Payload plain = command(question);
  if (!client.open) return plain;
  // The client knows the outcome of all before this one, or will never ask for it.
  const session::Sequence sequence(client.sequence);
  const session::Numbered numbered{session::SessionId(client.session), sequence, sequence, *plain};
  return std::make_shared<const std::string>(session::encode(session::Command(numbered)));
}

std::string Clients::apply(const raft::Entry& entry) {
  const auto found = tickets_.find(*entry.payload);
  if (found == tickets_.end()) return {};
  Ticket& ticket = found->second;
  const std::uint64_t index = entry.id.index.value();
  if (ticket.applied == index) return {};
  const std::string what = "write " + std::to_string(ticket.sequence) + " of session " +
                           std::to_string(ticket.session) + " was applied at " +
                           std::to_string(index);
  if (ticket.applied != 0) return what + " and at " + std::to_string(ticket.applied);
  ticket.applied = index;
  std::uint64_t& latest = latest_applied_[ticket.session];
  if (latest > ticket.sequence) return what + " though a later one was before it";
  latest = ticket.sequence;
  return {};
}

std::uint64_t Clients::applied_at(std::string_view command) const {
  const auto found = tickets_.find(command);
  return found == tickets_.end() ? 0 : found->second.applied;
}

std::optional<Answer> Clients::answer(replica::RequestId id, const replica::Outcome& outcome,
                                      std::uint64_t now) {
  if (id.value() == 0 || id.value() > answered_.size() || answered_[id.value() - 1]) {
    answered_twice_ = true;
    return std::nullopt;
  }
  answered_[id.value() - 1] = true;
  for (std::uint32_t client = 1; client <= clients_.size(); ++client) {
    if (!waits(client) || clients_[client - 1].waiting->request != id) continue;
    if (std::holds_alternative<replica::Unknown>(outcome)) return lose(client);
    if (const auto* refused = std::get_if<replica::NotDone>(&outcome)) {
      return not_done(client, *refused, now);
    }
    return done(client, std::get<replica::Done>(outcome).answer, now);
  }
  return std::nullopt;
}

// Its operation has ended.
Answer Clients::finish(std::uint32_t id, Ending ending, std::uint64_t now) {
  Client& client = clients_[id - 1];
  const Waiting waiting = *client.waiting;
  client.waiting.reset();
  client.open.reset();
  if (waiting.operation == kNone) return {id, ending, waiting.question.function, true};
  history::Operation& operation = operations_[waiting.operation];
  operation.returned_at = history::EventIndex(++events_);
  operation.returned = history::Moment(now);
  return {id, ending, waiting.question.function, operation.called < *operation.returned};
}

std::optional<Answer> Clients::not_done(std::uint32_t id, const replica::NotDone& outcome,
                                        std::uint64_t now) {
  Client& client = clients_[id - 1];
  const bool full = outcome.reason == replica::NotDone::Reason::Overloaded;
  const Ending ending = full ? Ending::Overloaded : Ending::Refused;
  if (client.open && client.open->tries > 1) {  // An earlier try may have been done.
    const Function function = client.waiting->question.function;
    client.waiting.reset();
    return Answer{id, ending, function, true};
  }
  if (client.waiting->operation != kNone) {
    operations_[client.waiting->operation].outcome = history::Outcome::Fail;
  }
  return finish(id, ending, now);
}

Answer Clients::done(std::uint32_t id, std::string_view answer, std::uint64_t now) {
  Client& client = clients_[id - 1];
  // A scenario may ask a state machine that has none to open a session.
  if (!sessions_ && client.waiting->operation == kNone) return finish(id, Ending::Refused, now);
  if (sessions_) {
    const base::Result<session::Unwrapped> unwrapped = session::unwrap(answer);
    CHECK(unwrapped.ok());  // Ours; nothing changes it on its way.
    const session::Kind kind = unwrapped.value().kind;
    if (kind == session::Kind::NoSession && client.open) {
      client.session = 0;
      const bool first = client.open->tries == 1;
      if (!first) return *give_up(id);
      operations_[client.waiting->operation].outcome = history::Outcome::Fail;
      return finish(id, Ending::Refused, now);
    }
    const bool opens = client.waiting->operation == kNone;
    if (kind == session::Kind::Opened && opens) {
      client.session = session::opened_session(unwrapped.value()).value().value();
      client.sequence = 0;
      return finish(id, Ending::Done, now);
    }
    if (kind != session::Kind::Answer || opens) {
      nonsense_ = "an answer of a session that its question cannot have";
      return finish(id, Ending::Unknown, now);
    }
    answer = unwrapped.value().answer;
  }
  const base::Result<kv::Reply> reply = kv::decode_reply(answer);
  CHECK(reply.ok());
  const Ending ending = settle(operations_[client.waiting->operation], reply.value());
  done_ += 1;
  return finish(id, ending, now);
}

Ending Clients::settle(history::Operation& operation, const kv::Reply& reply) {
  operation.outcome = history::Outcome::Ok;
  bool sensible = true;
  Ending ending = Ending::Done;
  switch (operation.function) {
    case history::Function::Read:
    case history::Function::Cas:
      sensible = read_content(reply, operation.found);
      operation.found_known = true;
      if (operation.function == history::Function::Cas && operation.found != operation.expected) {
        operation.outcome = history::Outcome::Fail;
        ending = Ending::Mismatch;
      }
      break;
    case history::Function::Write:
      sensible = reply == kv::Reply{kv::Status{"OK"}};
      break;
    case history::Function::Append:
      sensible = std::holds_alternative<kv::Integer>(reply.value);
      break;
  }
  if (!sensible) {
    nonsense_ = "an answer to " + std::string(history::name(operation.function)) + " " +
                operation.key + " that such a question cannot have";
  }
  return ending;
}

std::optional<Answer> Clients::give_up(std::uint32_t id) {
  Client& client = clients_[id - 1];
  if (!client.waiting && !client.open) return std::nullopt;
  const Function function =
      client.waiting ? client.waiting->question.function : client.open->question.function;
  const std::size_t at = client.waiting ? client.waiting->operation : client.open->operation;
  if (at != kNone) {
    operations_[at].returned_at = history::EventIndex(++events_);
    operations_[at].outcome = history::Outcome::Info;
    client.processes += 1;
  }
  client.waiting.reset();
  client.open.reset();
  return Answer{id, Ending::Unknown, function, true};
}

// The answer will not come.
Answer Clients::lose(std::uint32_t id) {
  Client& client = clients_[id - 1];
  if (!client.open) return *give_up(id);
  const Function function = client.waiting->question.function;
  client.waiting.reset();
  return {id, Ending::Unknown, function, true};
}

void Clients::lose(raft::NodeId node, std::vector<Answer>& lost) {
  for (std::uint32_t client = 1; client <= clients_.size(); ++client) {
    if (waits(client) && clients_[client - 1].waiting->node == node) lost.push_back(lose(client));
  }
}

check::verdict::Finding judge_history(const std::vector<history::Operation>& operations) {
  // Bounds by work, not by time: the same history gets the same verdict everywhere.
  std::uint64_t polls = 0;
  const auto keep_going = [&polls] { return ++polls < kMostPolls; };
  check::linear::Options options;
  options.memory_bytes = std::size_t{64} << 20U;
  std::vector<history::Operation> values;
  std::vector<history::Operation> texts;
  for (const history::Operation& operation : operations) {
    (operation.key.front() == 't' ? texts : values).push_back(operation);
  }
  check::verdict::Finding finding = check::linear::check(values, options, keep_going);
  if (texts.empty() || finding.verdict == check::verdict::Verdict::Invalid) return finding;
  options.model = check::model::find_model("kv");
  check::verdict::Finding other = check::linear::check(texts, options, keep_going);
  return other.verdict > finding.verdict ? other : finding;
}

}  // namespace sim
