// SPDX-License-Identifier: Apache-2.0
// What clients do: ask whom they believe to lead, wait, think, ask again.
#include "sim/world.h"

namespace sim {

namespace {

constexpr std::uint64_t kUnknownAppends = 3;
constexpr std::uint64_t kAppends = 24;

}  // namespace

void World::on_client(std::uint32_t client) {
  if (cluster_.clients().waits(client)) return;
  Person& person = people_[client - 1];
  if (healed_ && person.served >= kServings) return;
  if (cluster_.clients().has_open(client) && prng_.between(0, 9) == 0) return give_up(client);
  const raft::NodeId node = choose_node(person);
  person.asks = node;
  person.stamp += 1;
  queue_.push(now_ + options_.timeout, EventKind::Timeout, client, person.stamp);
  Item item{Item::Kind::Question};
  if (cluster_.clients().has_open(client)) {
    item.question.client = client;
  } else {
    item.question = question(client);
    const bool reads = item.question.function == Function::Read;
    const bool opens = options_.setup.sessions > 0 && !cluster_.clients().has_session(client);
    if (!reads && opens && prng_.between(0, 9) > 0) item.question.function = Function::Open;
    if (reads && prng_.between(0, 999) < options_.follower_read_permille) {
      person.asks = any_node();
      return take(person.asks, item);
    }
  }
  take(node, item);
}

raft::NodeId World::choose_node(const Person& person) {
  if (prng_.between(0, 999) < options_.stray_permille || person.asks.value == 0) return any_node();
  return person.asks;
}

Question World::question(std::uint32_t client) {
  Question question;
  question.client = client;
  std::uint64_t draw = prng_.between(1, options_.read_weight + options_.write_weight +
                                            options_.cas_weight + options_.append_weight);
  question.key = static_cast<std::uint32_t>(prng_.between(0, options_.keys - 1));
  question.value = ++last_value_;
  if (draw <= options_.read_weight) {
    if (options_.append_weight > 0 && prng_.between(0, 3) == 0) question.key = text_key();
    return question;
  }
  draw -= options_.read_weight;
  if (draw <= options_.write_weight) {
    question.function = Function::Write;
    return question;
  }
  draw -= options_.write_weight;
  if (draw <= options_.cas_weight) {
    question.function = Function::Cas;
    // Often what is there: a value of late, or nothing.
    question.expected = prng_.between(0, 9) == 0 ? 0 : recent_value(question.key);
    return question;
  }
  question.function = Function::Append;
  appends_ += 1;
  question.key = text_key();
  return question;
}

std::uint32_t World::text_key() {
  const std::uint64_t generation = unknown_appends_ / kUnknownAppends + appends_ / kAppends;
  return static_cast<std::uint32_t>(kFirstTextKey + generation * options_.keys +
                                    prng_.between(0, options_.keys - 1));
}

// What the key holds at some server.
std::uint64_t World::recent_value(std::uint32_t key) {
  const raft::NodeId node = any_node();
  if (!cluster_.is_up(node)) return 0;
  const kv::Reply reply = cluster_.server(node).machine->store().read(kv::Get{key_name(key)});
  const auto* bulk = std::get_if<kv::Bulk>(&reply.value);
  return bulk == nullptr ? 0 : std::stoull(bulk->bytes);
}

void World::on_timeout(std::uint32_t client, std::uint32_t stamp) {
  Person& person = people_[client - 1];
  if (stamp != person.stamp) return;
  // It may lie in a mailbox still: then it never was asked.
  if (!cluster_.clients().waits(client)) return;
  if (!cluster_.clients().has_open(client) || prng_.between(0, 3) == 0) return give_up(client);
  person.asks = any_node();
  person.stamp += 1;
  queue_.push(now_ + options_.timeout, EventKind::Timeout, client, person.stamp);
  Item item{Item::Kind::Question};
  item.question.client = client;
  take(person.asks, item);
}

void World::give_up(std::uint32_t client) {
  Action action;
  action.kind = ActionKind::GiveUp;
  action.node = people_[client - 1].asks;
  action.question.client = client;
  act(action);
  for (const Answer& answer : cluster_.answers()) on_answer(answer);
}

void World::on_answer(const Answer& answer) {
  Person& person = people_[answer.client - 1];
  person.stamp += 1;
  switch (answer.ending) {
    case Ending::Done:
    case Ending::Mismatch:
      if (healed_ && answer.function != Function::Open) person.served += 1;
      break;
    case Ending::Overloaded:
      break;
    case Ending::Refused:
    case Ending::Unknown: {
      if (answer.ending == Ending::Unknown && answer.function == Function::Append) {
        unknown_appends_ += 1;
      }
      const raft::NodeId asked = person.asks;
      const bool up = cluster_.is_up(asked);
      const auto leader = up ? cluster_.server(asked).replica->node().leader() : std::nullopt;
      person.asks = leader && leader != asked ? *leader : any_node();
      break;
    }
  }
  queue_.push(now_ + prng_.between(0, options_.think_max), EventKind::Client, answer.client);
}

}  // namespace sim
