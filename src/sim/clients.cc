// SPDX-License-Identifier: Apache-2.0
#include "sim/clients.h"

#include <utility>

#include "check/history/event.h"
#include "check/linear/linear.h"
#include "check/model/model.h"
#include "kv/command.h"

namespace sim {

namespace {

namespace history = check::history;

std::string value_text(std::uint64_t value) { return std::to_string(value); }

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
  }
  return history::Function::Read;
}

// Of the judge's search, before it says that it does not know.
constexpr std::uint64_t kMostPolls = 2'000'000;

// Pieces of an appended text end in a comma, so that they can be told apart.
std::string written_text(const Question& question) {
  return value_text(question.value) + (question.function == Function::Append ? "," : "");
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

raft::Payload command(const Question& question) {
  const std::string key = key_name(question.key);
  if (question.function == Function::Append) {
    return std::make_shared<const std::string>(
        kv::encode(kv::Command(kv::Append{key, written_text(question)})));
  }
  kv::Set set{key, written_text(question), kv::Always{}, false};
  if (question.function == Function::Cas) {
    set.get = true;  // The value found tells whether it matched.
    if (question.expected == 0) {
      set.condition = kv::IfAbsent{};
    } else {
      set.condition = kv::IfEqual{value_text(question.expected)};
    }
  }
  return std::make_shared<const std::string>(kv::encode(kv::Command(std::move(set))));
}

replica::RequestId Clients::ask(const Question& question, raft::NodeId node, std::uint64_t now) {
  answered_.push_back(false);
  const replica::RequestId request(answered_.size());
  processes_.resize(waiting_.size());
  history::Operation operation;
  operation.invoked_at = history::EventIndex(++events_);
  operation.process =
      question.client + processes_[question.client - 1] * static_cast<std::uint64_t>(64);
  operation.function = history_function(question.function);
  operation.key = key_name(question.key);
  if (question.function != Function::Read) operation.written = written_text(question);
  if (question.function == Function::Cas && question.expected != 0) {
    operation.expected = value_text(question.expected);
  }
  operation.called = history::Moment(now);
  operation.node = node.value;
  waiting_[question.client - 1] = {request, node, operations_.size(), question.function};
  operations_.push_back(std::move(operation));
  return request;
}

std::optional<Answer> Clients::answer(replica::RequestId id, const replica::Outcome& outcome,
                                      std::uint64_t now) {
  if (id.value() == 0 || id.value() > answered_.size() || answered_[id.value() - 1]) {
    answered_twice_ = true;
    return std::nullopt;
  }
  answered_[id.value() - 1] = true;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (!waiting_[i] || waiting_[i]->request != id) continue;
    const Waiting waiting = *waiting_[i];
    const auto client = static_cast<std::uint32_t>(i + 1);
    if (std::holds_alternative<replica::Unknown>(outcome)) return give_up(client);
    waiting_[i].reset();
    history::Operation& operation = operations_[waiting.operation];
    operation.returned_at = history::EventIndex(++events_);
    operation.returned = history::Moment(now);
    if (const auto* not_done = std::get_if<replica::NotDone>(&outcome)) {
      operation.outcome = history::Outcome::Fail;
      const bool full = not_done->reason == replica::NotDone::Reason::Overloaded;
      return Answer{client, full ? Ending::Overloaded : Ending::Refused, waiting.function,
                    operation.called < *operation.returned};
    }
    const Ending ending = settle(operation, std::get<replica::Done>(outcome).reply);
    done_ += 1;
    return Answer{client, ending, waiting.function, operation.called < *operation.returned};
  }
  return std::nullopt;
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

std::optional<Answer> Clients::give_up(std::uint32_t client) {
  std::optional<Waiting>& waiting = waiting_[client - 1];
  if (!waiting) return std::nullopt;
  const Function function = waiting->function;
  operations_[waiting->operation].returned_at = history::EventIndex(++events_);
  operations_[waiting->operation].outcome = history::Outcome::Info;
  processes_[client - 1] += 1;
  waiting.reset();
  return Answer{client, Ending::Unknown, function, true};
}

void Clients::lose(raft::NodeId node, std::vector<Answer>& lost) {
  for (std::uint32_t client = 1; client <= waiting_.size(); ++client) {
    if (!waits(client) || waiting_[client - 1]->node != node) continue;
    if (const std::optional<Answer> answer = give_up(client)) lost.push_back(*answer);
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
