// SPDX-License-Identifier: Apache-2.0
#include "session/sessions.h"

#include <gtest/gtest.h>

#include "session/echo_machine_test.h"

namespace session {
namespace {

constexpr std::uint64_t kFew = 3;
Limits few() { return {kFew, 100'000, 100, 4}; }

TEST(Sessions, ApplyARepeatedCommandOnceAndGiveTheAnswerThatWasRecorded) {
  Server server{Limits{}};
  const SessionId session = server.open();
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "1:a");
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "1:a");
  EXPECT_EQ(server.numbered(session, 2, 1, "b"), "2:b");
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "1:a");
  EXPECT_EQ(server.inner.applied, (std::vector<std::string>{"a", "b"}));
}

TEST(Sessions, TakeCommandsOfASessionInAnyOrder) {
  Server server{Limits{}};
  const SessionId session = server.open();
  EXPECT_EQ(server.numbered(session, 3, 1, "c"), "1:c");
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "2:a");
  EXPECT_EQ(server.numbered(session, 3, 1, "c"), "1:c");
}

TEST(Sessions, NeverApplyWhatWasAcknowledged) {
  Server server{Limits{}};
  const SessionId session = server.open();
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "1:a");
  EXPECT_EQ(server.numbered(session, 3, 3, "c"), "2:c");
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "forgotten");
  EXPECT_EQ(server.numbered(session, 2, 1, "given up"), "forgotten");
  EXPECT_EQ(server.inner.applied.size(), 2U);
}

TEST(Sessions, RefuseWhatNobodyOpenedAndWhatWasClosed) {
  Server server{Limits{}};
  EXPECT_EQ(server.numbered(SessionId(1), 1, 1, "a"), "no session");
  const SessionId session = server.open();
  EXPECT_EQ(Server::text(server.apply(Close{session})), "closed");
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "no session");
  EXPECT_TRUE(server.inner.applied.empty());
}

TEST(Sessions, AreNamedByTheEntryThatOpenedThem) {
  Server server{Limits{}};
  (void)server.apply(Plain{"a"});
  EXPECT_EQ(server.open(), SessionId(2));
  EXPECT_EQ(server.open(), SessionId(3));
}

TEST(Sessions, RefuseWhatIsTooFarAhead) {
  Server server(few());
  const SessionId session = server.open();
  EXPECT_EQ(server.numbered(session, 4, 1, "a"), "1:a");
  EXPECT_EQ(server.numbered(session, 5, 1, "b"), "too many open");
  EXPECT_EQ(server.numbered(session, 5, 2, "b"), "2:b");
}

TEST(Sessions, GoWhenTooManyAreOpenTheLongestUnusedFirst) {
  Server server(few());
  const SessionId one = server.open();
  const SessionId two = server.open();
  const SessionId three = server.open();
  EXPECT_EQ(server.numbered(one, 1, 1, "a"), "1:a");
  (void)server.open();
  EXPECT_EQ(server.numbered(two, 1, 1, "b"), "no session");
  EXPECT_EQ(server.numbered(one, 1, 1, "a"), "1:a");
  EXPECT_EQ(server.numbered(three, 1, 1, "c"), "2:c");
  EXPECT_EQ(server.sessions.table().expired(), 1U);
}

TEST(Sessions, GoWhenAnswersAreTooManyBytes) {
  Limits limits = few();
  limits.answer_bytes = 300;
  Server server(limits);
  const SessionId one = server.open();
  const SessionId two = server.open();
  EXPECT_EQ(server.numbered(one, 1, 1, std::string(90, 'a')).size(), 92U);
  EXPECT_EQ(server.numbered(two, 1, 1, std::string(90, 'a')).size(), 92U);
  EXPECT_EQ(server.numbered(one, 1, 1, "a"), "no session");
  EXPECT_EQ(server.numbered(two, 1, 1, "a").size(), 92U);
  EXPECT_LE(server.sessions.table().answer_bytes(), limits.answer_bytes);
}

TEST(Sessions, KeepOfALongAnswerOnlyThatThereWasOne) {
  Server server(few());
  const SessionId session = server.open();
  const std::string longer(200, 'a');
  EXPECT_EQ(server.numbered(session, 1, 1, longer), "1:" + longer);
  EXPECT_EQ(server.numbered(session, 1, 1, longer), "not kept");
  EXPECT_EQ(server.inner.applied.size(), 1U);
}

TEST(Sessions, PassPlainCommandsAndQueriesOn) {
  Server server{Limits{}};
  EXPECT_EQ(Server::text(server.apply(Plain{"a"})), "1:a");
  EXPECT_EQ(Server::text(server.apply(Plain{"\xf1 like an opening"})), "2:\xf1 like an opening");
  EXPECT_EQ(Server::said(server.sessions.read("q")).answer, "q?2");
}

TEST(Sessions, AnswerABatchInOrder) {
  Server server{Limits{}};
  std::vector<raft::Entry> entries;
  for (const Command& command : {Command(Plain{"a"}), Command(Plain{"b"}), Command(Open{}),
                                 Command(Plain{"c"}), Command(Close{SessionId(9)})}) {
    entries.push_back({{raft::Term(1), raft::LogIndex(entries.size() + 1)},
                       raft::EntryKind::Command,
                       std::make_shared<const std::string>(encode(command))});
  }
  std::vector<machine::Answer> answers;
  server.sessions.apply(entries, answers);
  std::string all;
  for (const machine::Answer& each : answers) all += Server::text(Server::said(each)) + ", ";
  EXPECT_EQ(all, "1:a, 2:b, opened, 3:c, closed, ");
}

TEST(Sessions, AnswerNonsenseWithoutPassingItOn) {
  Server server{Limits{}};
  const Server::Said answer = server.apply_bytes("\xf7");
  EXPECT_EQ(answer.kind, Kind::Malformed);
  EXPECT_EQ(answer.answer, "session command: unknown kind of session command at byte 0");
  EXPECT_TRUE(server.inner.applied.empty());
}

TEST(Sessions, AreInTheSnapshotAsTheyWereWhenItWasBegun) {
  Server server(few());
  const SessionId session = server.open();
  EXPECT_EQ(server.numbered(session, 1, 1, "a"), "1:a");
  const auto snapshot = server.sessions.snapshot();
  const std::uint64_t index = server.index;
  EXPECT_EQ(server.numbered(session, 2, 2, "b"), "2:b");
  const auto other = restored(few(), index, all_of(*snapshot, 5), 7);
  EXPECT_EQ(other->numbered(session, 1, 1, "a"), "1:a");
  EXPECT_EQ(other->inner.applied.size(), 1U);
  EXPECT_EQ(other->numbered(session, 2, 2, "b"), "2:b");
  EXPECT_EQ(other->numbered(session, 1, 1, "a"), "forgotten");
}

std::string complaint(const std::string& bytes) {
  Server server(few());
  const auto restore = server.sessions.begin_restore();
  base::Status status = restore->add(bytes);
  if (status.ok()) status = restore->finish();
  return status.ok() ? "nothing" : status.error().message;
}

TEST(Snapshot, SaysWhatIsWrongWithIt) {
  Server server(few());
  const SessionId session = server.open();
  (void)server.numbered(session, 1, 1, "a");
  const std::string good = all_of(*server.sessions.snapshot(), 1000);
  const std::string front = "snapshot of sessions: ";
  EXPECT_EQ(complaint(good), "nothing");
  EXPECT_EQ(complaint(""), front + "it ends too early at byte 0");
  EXPECT_EQ(complaint(good.substr(0, 60)), front + "it ends too early at byte 60");
  const auto with = [&](std::size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return complaint(bytes);
  };
  EXPECT_EQ(with(0, 'x'), front + "it does not begin with SWSESSNS at byte 0");
  EXPECT_EQ(with(8, '\x02'), front + "it is of version 2, this program reads 1 at byte 0");
  EXPECT_EQ(with(12, '\x04'), front + "it was made under other limits at byte 0");
  EXPECT_EQ(with(44, '\x04'), front + "it counts more sessions than may be at byte 0");
  EXPECT_EQ(with(52, '\x00'), front + "session 0 breaks a rule at byte 80");
  EXPECT_EQ(with(68, '\x02'), front + "session 1 breaks a rule at byte 80");
  EXPECT_EQ(with(88, '\x7f'), front + "an answer is longer than may be at byte 80");
}

}  // namespace
}  // namespace session
