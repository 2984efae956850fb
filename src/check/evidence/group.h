// SPDX-License-Identifier: Apache-2.0
// What is known of one Raft group, and what contradicts Raft's guarantees in it. docs/evidence.md
// says of each check what is concluded from what.
//
//   Statement --> Group --> terms, votes, leaders' logs, acknowledgements --> FindingLog
//
// Nothing is assumed about what was not seen, and facts hold in whatever order they come: messages
// may be lost, late, repeated and overtaken by others. Where an order matters, it is proven
// (`formed_after`, `Channel`).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/evidence/entry_table.h"
#include "check/evidence/finding_log.h"
#include "check/evidence/members.h"
#include "check/evidence/statement.h"
#include "check/evidence/term_record.h"
#include "check/evidence/traits.h"

namespace check::evidence {

// What all groups of one judge share.
struct Bench {
  wire::Protocol protocol = wire::Protocol::Raftkv;
  Members members;
  FindingLog findings;
  EntryTable::Budget budget;
  // Every message between the nodes since the cluster's start was seen and understood.
  bool sees_all = false;
  std::uint64_t votes = 0;  // How much was judged.
  std::uint64_t leaders = 0;
  std::uint64_t entries = 0;
  std::uint64_t acks = 0;
  std::uint64_t commits = 0;
  std::uint64_t ordered_commits = 0;
  std::uint64_t terms = 0;
};

class Group {
 public:
  static constexpr std::size_t kMostChannels = 4096;

  Group(Bench& bench, std::string name) : bench_(bench), name_(std::move(name)) {}

  void on(const Statement& statement);

  // What `member` had not synced is gone.
  void on_power_cut(MemberId member);
  // What was sent to `before` may still come to `after`, which came in its place.
  void on_replaced(MemberId before, MemberId after);
  // A message of the wire was not seen, or not understood: it may have been for anybody.
  void on_blind();
  bool reuses_terms() const { return reused_; }
  bool forgot() const { return terms_.forgot(); }

 private:
  struct Said {
    wire::Term term;
    MessageId from;
  };
  // `member` acknowledged the leader of `term`'s log up to `index`.
  struct Ack {
    wire::Term term;
    wire::Index index;
    MessageId from;
    std::uint32_t life = 0;
    bool unbroken = true;  // No other leader can have cut the log since.
  };
  // What a member must have for ever: acknowledged, and committed.
  struct Kept {
    Ack ack;
    wire::Index index;
    MessageId commit_from;
  };
  struct Speaker {
    wire::Term reached;  // The highest term that it stated, or that was sent to it.
    std::uint32_t life = 0;
    Said present;  // The highest term that it entered in this life,
    Said past;     // and in those before.
    std::optional<Ack> ack;
    std::optional<Kept> kept;
  };
  // What one member said on one connection, in that order.
  struct Channel {
    Said entered;
    wire::Term commit_term;
    std::optional<Claim> commit;
  };
  // One candidate's questions to one voter.
  struct Asking {
    std::vector<wire::Term> asked;    // All of them, up to a limit the highest.
    std::vector<wire::Term> pending;  // Not answered yet.
    MessageId last_from;
    bool complete = true;  // `asked` holds all.
  };
  // All between two indices.
  struct Span {
    std::optional<wire::Index> first;
    wire::Index last;

    void add(wire::Index index);
    void add(const Span& other);
    bool contains(wire::Index index) const;
  };
  // One leader's appends to one follower.
  struct Appending {
    wire::Term term;
    bool first = true;  // Of no other term before.
    wire::Term newest;  // The highest. Before their entries come
    Span of_newest;     // these, in appends of that term,
    Span of_older;      // and in those of lower ones.
  };
  using Pair = std::pair<MemberId, MemberId>;

  // group.cc
  void find(std::string_view checker, const std::string& about, std::string sentence,
            std::vector<MessageId> proof);
  std::string who(MemberId member) const { return bench_.members.describe(member); }
  bool holds(Premise premise) const { return evidence::holds(premise, bench_.protocol); }
  Channel& channel(const Statement& statement);
  void check_term(const Statement& statement);
  // A node went back and asked for votes or led: from now on a number may stand for several terms,
  // and what was said in one is no longer compared with what was said in another.
  void on_reused_terms();
  void check_commit_order(const Statement& statement);

  // group_election.cc: one leader a term, one vote, answers that answer.
  void on_request_vote(const Statement& statement);
  void on_vote_reply(const Statement& statement);
  std::optional<wire::Term> granted_term(const Statement& statement, Asking* asking);
  void check_answer(const Statement& statement, const Asking& asking);
  void add_vote(TermRecord& record, const Vote& vote);
  void check_restriction(const TermRecord& record, const Vote& vote, std::uint32_t life);
  void on_leadership(TermRecord& record, const Statement& statement);

  // group_log.cc: what leaders say of their logs.
  void on_leader(const Statement& statement);
  bool add_entries(const Statement& statement);  // Whether they follow one another.
  void add_log(TermRecord& record, const Statement& statement);
  void add_to_view(TermRecord& record, wire::Term term, wire::Index first, wire::Index last,
                   MessageId from);
  void add_commit(TermRecord& record, const Statement& statement);
  void raise_commit(TermRecord& record, Claim claim);
  void check_commit_rule(TermRecord& record);
  void check_complete(const TermRecord& earlier, const TermRecord& later, wire::Index first,
                      wire::Index last);
  void check_log_end(const TermRecord& earlier, const TermRecord& later);

  // group_acks.cc: what was acknowledged stays.
  void on_append(const Statement& statement);
  static void note_previous(Appending& appending, const Statement& statement);
  void on_append_reply(const Statement& statement);
  std::optional<wire::Term> acknowledged_term(const Statement& statement);
  void keep(Speaker& speaker, const TermRecord& record);
  void check_end_of_log(const Statement& statement);
  void check_refusal(const Statement& statement);
  bool lacks_entry(const Statement& statement);
  bool formed_after(const Statement& statement, const Ack& ack) const;
  std::optional<wire::Term> term_of(const Ack& ack, wire::Index index);

  Bench& bench_;
  std::string name_;
  Terms terms_;
  EntryTable entries_{bench_.budget};
  wire::Index committed_;  // The highest of all terms.
  bool reused_ = false;
  bool unclear_appends_ = false;  // It is not known from whom, to whom or of what term.
  std::map<MemberId, Speaker> speakers_;
  std::map<std::pair<std::uint64_t, MemberId>, Channel> channels_;
  std::map<Pair, Asking> askings_;        // Candidate, voter.
  std::map<Pair, Appending> appendings_;  // Leader, follower.
};

}  // namespace check::evidence
