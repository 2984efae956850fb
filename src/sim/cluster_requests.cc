// SPDX-License-Identifier: Apache-2.0
// What clients and operators ask for, and what they are told.
#include <utility>

#include "kv/command.h"
#include "sim/cluster.h"

namespace sim {

namespace {

raft::Configuration configuration_of(std::uint64_t voters, std::uint64_t learners) {
  raft::Configuration configuration;
  for (std::uint32_t id = 1; id <= 64; ++id) {
    const std::uint64_t bit = std::uint64_t{1} << (id - 1);
    if ((voters & bit) != 0) configuration.voters.push_back({{id}, ""});
    if ((learners & bit) != 0) configuration.learners.push_back({{id}, ""});
  }
  return configuration;
}

}  // namespace

void Cluster::ask(Server& server, const Action& action) {
  const Question& question = action.question;
  const bool again = action.kind == ActionKind::Retry;
  if (again && clients_.has_open(question.client)) coverage_.hit(Probe::WriteRetried);
  if (again ? !clients_.has_open(question.client) : clients_.waits(question.client)) return;
  const replica::RequestId id = again ? clients_.retry(question.client, action.node)
                                      : clients_.ask(question, action.node, action_);
  committed_at_ask_.resize(setup_.clients);
  committed_at_ask_[question.client - 1] = judges_.committed();
  if (server.state != ServerState::Up) {  // Nobody is there to connect to.
    answer(server, id, replica::NotDone{});
    return;
  }
  inputs_ += 1;
  begin_turn(server);
  input(server, raft::LogIndex(UINT64_MAX), [&](replica::Replica& replica) {
    if (again || question.function != Function::Read) {
      replica.write(id, clients_.payload(question.client));
      return;
    }
    const raft::Leader* leading = replica.node().find_leadership();
    const bool early =
        leading != nullptr &&
        replica.node().log().find_id(replica.node().commit())->term != replica.node().term();
    if (early) coverage_.hit(Probe::ReadWaitedForNoop);
    replica.read(id, kv::encode(kv::Query(kv::Get{key_name(question.key)})), std::nullopt);
  });
  finish_unless_more(server, action);
}

// Of an operator.
void Cluster::wish(Server& server, const Action& action) {
  const replica::RequestId id = clients_.next_request();
  Wish wish{action.kind, configuration_of(action.voters, action.learners), action.peer};
  inputs_ += 1;
  begin_turn(server);
  wishes_.emplace(id, wish);
  input(server, raft::LogIndex(UINT64_MAX), [&](replica::Replica& replica) {
    if (action.kind == ActionKind::Change) {
      replica.change_membership(id, std::move(wish.target));
    } else if (action.kind == ActionKind::Transfer) {
      replica.transfer(id, action.peer);
    } else {
      replica.take_snapshot(id);
    }
  });
  finish_unless_more(server, action);
}

void Cluster::answer(Server& server, replica::RequestId id, const replica::Outcome& outcome) {
  hash_.mix(id.value() << 2U | outcome.index());
  const raft::NodeId node = server.config.raft.self;
  const std::optional<Answer> answer = clients_.answer(id, outcome, action_);
  if (clients_.answered_twice()) say("answers", node, "a request was answered twice");
  if (!clients_.nonsense().empty()) say("answers", node, clients_.nonsense());
  const auto* refused = std::get_if<replica::NotDone>(&outcome);
  if (refused != nullptr && refused->reason == replica::NotDone::Reason::Transferring) {
    coverage_.hit(Probe::WriteWhileTransferring);
  }
  if (!answer) return answer_wish(server, id, outcome);
  answers_.push_back(*answer);
  if (trace_) note("  answers client " + std::to_string(answer->client));
  // What any leader had committed before the question came, its answer covers (thesis §6.4).
  if (answer->function == Function::Read && answer->ending == Ending::Done &&
      server.replica->applied().value() < committed_at_ask_[answer->client - 1]) {
    say("stale-read", node,
        "a read was answered from the state at index " +
            std::to_string(server.replica->applied().value()) + " though " +
            std::to_string(committed_at_ask_[answer->client - 1]) +
            " was committed before it was asked");
  }
  probe_answer(server, *answer);
}

void Cluster::answer_wish(const Server& server, replica::RequestId id,
                          const replica::Outcome& outcome) {
  const auto found = wishes_.find(id);
  if (found == wishes_.end()) return;
  const Wish wish = std::move(found->second);
  wishes_.erase(found);
  const bool done = std::holds_alternative<replica::Done>(outcome);
  const raft::Node& node = server.replica->node();
  if (trace_) note(done ? "  has done what was wished" : "  has not done what was wished");
  if (wish.kind == ActionKind::Change) {
    coverage_.hit(done ? Probe::ChangeDone : Probe::ChangeRefused);
    if (done) judges_.on_changed(node, wish.target);
  } else if (wish.kind == ActionKind::Transfer) {
    coverage_.hit(done ? Probe::TransferDone : Probe::TransferFailed);
    judges_.on_transfer_answered(node.id());
    if (done) judges_.on_transferred(node, wish.peer);
  }
}

}  // namespace sim
