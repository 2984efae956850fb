// SPDX-License-Identifier: Apache-2.0
// Shims that misbehave, as real processes. Well behaved ones: manifest_cluster_test.cc.
#include "check/cluster/shim.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/prng.h"
#include "check/cluster/etcd_json.h"
#include "check/cluster/local_hosts.h"
#include "check/cluster/shim_membership.h"
#include "check/cluster/words.h"

namespace check::cluster {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{5000};
constexpr milliseconds kShort{400};
const ShimRequest kRead = {NodeId{1}, ShimFunction::Read, "x", {}, {}};
const ShimRequest kCas = {NodeId{2}, ShimFunction::Cas, "x", "1", "2"};

// Runs `body` for each line, with `asked` the request; `answer(...)` prints one.
Command python_command(const std::string& body) {
  return {{"python3", "-I", "-S", "-c",
           "import json, os, sys, time\n"
           "def answer(**fields): print(json.dumps(fields), flush=True)\n"
           "for line in sys.stdin:\n"
           "    asked = json.loads(line)\n"
           "    " +
               body + "\n"},
          {}};
}

Shim python(const std::string& body) { return Shim(python_command(body)); }

Broken expect_broken(Shim& shim, milliseconds timeout = kLong) {
  Exchange<ShimReply> exchange = shim.ask(kRead, timeout);
  if (auto* broken = std::get_if<Broken>(&exchange)) return std::move(*broken);
  ADD_FAILURE() << "an answer where none was expected";
  return {};
}

TEST(ShimLine, NamesTheMemberThatItIsAbout) {
  ShimRequest request{NodeId{2}, ShimFunction::Remove, {}, {}, {}};
  request.member = NodeId{3};
  EXPECT_EQ(shim_line(7, request, std::chrono::milliseconds(900)),
            "{\"f\":\"remove\",\"id\":7,\"member\":3,\"node\":2,\"timeout_ms\":900}\n");
}

TEST(ShimMembership, AsksOneNodeAfterTheOther) {
  LocalHosts hosts(3);
  for (std::uint32_t id = 1; id <= 3; ++id) {
    ASSERT_TRUE(hosts.start(NodeId{id}, {{"sleep", "60"}, {}}).ok());
  }
  ShimMembership membership(
      hosts, python_command("answer(id=asked['id'], note=asked['f'] + ' ' + str(asked['member']), "
                            "type='ok' if asked['node'] == 2 else 'fail')"));
  const NodeId third{3};
  EXPECT_TRUE(membership.remove(third, kLong).ok());
  EXPECT_FALSE(membership.joined(third));
  EXPECT_TRUE(membership.add(third, kLong).ok());
  EXPECT_TRUE(membership.joined(third));
  const auto handed = membership.transfer(third, kLong);
  ASSERT_TRUE(handed.ok());
  EXPECT_EQ(handed.value(), "n2 was asked, and has done it");
  // The only one that does anything is the one that is not asked.
  EXPECT_FALSE(membership.remove(NodeId{2}, kShort).ok());
}

TEST(Shim, AnswersWithValues) {
  Shim shim = python("answer(id=asked['id'], type='ok', value=asked['f'] + str(asked['node']))");
  for (int round = 0; round < 3; ++round) {
    const Exchange<ShimReply> exchange = shim.ask(kRead, kLong);
    ASSERT_TRUE(std::holds_alternative<ShimReply>(exchange)) << std::get<Broken>(exchange).note;
    EXPECT_EQ(std::get<ShimReply>(exchange).value, "read1");
  }
}

TEST(Shim, ThatIsNotThereSentNothing) {
  Shim shim({{"/no/such/shim"}, {}});
  const Broken broken = expect_broken(shim);
  EXPECT_FALSE(broken.sent);
  EXPECT_NE(broken.note.find("cannot run /no/such/shim"), std::string::npos) << broken.note;
}

TEST(Shim, ThatDiesIsQuotedAndStartedAgain) {
  Shim shim = python(
      "sys.exit('out of cheese') if asked['id'] == 1 else "
      "answer(id=asked['id'], type='ok', value=None)");
  const Broken broken = expect_broken(shim);
  EXPECT_TRUE(broken.sent);
  EXPECT_NE(broken.note.find("the program ended; it said: out of cheese"), std::string::npos)
      << broken.note;
  const Exchange<ShimReply> again = shim.ask(kRead, kLong);
  ASSERT_TRUE(std::holds_alternative<ShimReply>(again)) << std::get<Broken>(again).note;
  EXPECT_EQ(std::get<ShimReply>(again).value, std::nullopt);
}

TEST(Shim, ThatIsLateIsEndedAndItsAnswerNeverTakenForAnother) {
  Shim shim = python(
      "asked['id'] == 1 and time.sleep(60); "
      "answer(id=asked['id'], type='ok', value=str(asked['id']))");
  EXPECT_TRUE(expect_broken(shim, kShort).sent);
  const Exchange<ShimReply> again = shim.ask(kRead, kLong);
  ASSERT_TRUE(std::holds_alternative<ShimReply>(again)) << std::get<Broken>(again).note;
  EXPECT_EQ(std::get<ShimReply>(again).value, "2");
}

TEST(Shim, ThatSpeaksNonsenseIsNotBelieved) {
  for (const char* body :
       {"print('ok', flush=True)", "answer(id=asked['id'])", "answer(id=0, type='ok', value='1')",
        "answer(type='ok', value='1')", "answer(id=asked['id'], type='yes', value='1')",
        "answer(id=asked['id'], type='ok')", "answer(id=asked['id'], type='ok', value=1)",
        "print('[' * 100000, flush=True)",
        "os.write(1, b'{\"id\":1,\"type\":\"ok\",\"value\":\"1\"}\\n' * 2)"}) {
    Shim shim = python(body);
    EXPECT_TRUE(expect_broken(shim).sent) << body;
  }
}

TEST(Shim, ThatStopsReadingBlocksNobody) {
  Shim shim({{"sh", "-c", "head -c 1 > /dev/null; sleep 60"}, {}});
  const ShimRequest large = {NodeId{1}, ShimFunction::Write, "x", {}, std::string(4U << 20U, 'x')};
  const Exchange<ShimReply> exchange = shim.ask(large, kShort);
  ASSERT_TRUE(std::holds_alternative<Broken>(exchange));
  EXPECT_TRUE(std::get<Broken>(exchange).sent);
}

// Each request finds a shim that has just been started: the first is late on purpose.
TEST(Shim, ThatStartsSlowlyHasTheWholeTimeoutForEachRequest) {
  Command slow = python_command(
      "asked['id'] == 1 and time.sleep(60); "
      "answer(id=asked['id'], type='ok', value=str(asked['id']))");
  slow.words.back().insert(0, "import time; time.sleep(0.9)\n");
  ShimStarts starts;
  Shim shim(slow, &starts);
  EXPECT_TRUE(expect_broken(shim, kShort).sent);
  const Exchange<ShimReply> again = shim.ask(kRead, kShort);
  ASSERT_TRUE(std::holds_alternative<ShimReply>(again)) << std::get<Broken>(again).note;
  EXPECT_EQ(std::get<ShimReply>(again).value, "2");
  EXPECT_FALSE(starts.trouble());
}

TEST(Shim, ThatDoesNotComeUpIsNamedAndWasSentNothing) {
  ShimStarts starts;
  Shim shim({{"sh", "-c", "echo still loading >&2; exec sleep 60"}, {}}, &starts, kShort);
  const Broken broken = expect_broken(shim);
  EXPECT_FALSE(broken.sent);
  EXPECT_EQ(
      broken.note,
      "the client shim 'sh -c echo still loading >&2; exec sleep 60' was not up within 400 ms "
      "of its start: it reads nothing; it said: still loading");
  ASSERT_TRUE(starts.trouble());
  EXPECT_EQ(starts.trouble()->code, base::ErrorCode::Timeout);
}

TEST(Shim, ThatEndsAtItsStartIsTroubleUntilOneStarts) {
  ShimStarts starts;
  Shim broken({{"sh", "-c", "echo no module >&2; exit 1"}, {}}, &starts);
  EXPECT_FALSE(expect_broken(broken).sent);
  ASSERT_TRUE(starts.trouble());
  EXPECT_EQ(starts.trouble()->code, base::ErrorCode::Unavailable);
  EXPECT_NE(starts.trouble()->message.find("the program ended; it said: no module"),
            std::string::npos)
      << starts.trouble()->message;
  Shim good(python_command("answer(id=asked['id'], type='fail')"), &starts);
  EXPECT_TRUE(good.open().ok());
  EXPECT_FALSE(starts.trouble());
}

TEST(Shim, ThatComplainsWithoutEndBlocksNobody) {
  Shim shim = python(
      "sys.stderr.write('oh no ' * 100000); "
      "answer(id=asked['id'], type='fail', note='no')");
  const Exchange<ShimReply> exchange = shim.ask(kRead, kLong);
  ASSERT_TRUE(std::holds_alternative<ShimReply>(exchange)) << std::get<Broken>(exchange).note;
  EXPECT_EQ(std::get<ShimReply>(exchange).note, "no");
}

TEST(ShimLine, IsWhatTheFormatSays) {
  EXPECT_EQ(shim_line(17, kCas, milliseconds(900)),
            "{\"f\":\"cas\",\"id\":17,\"key\":\"x\",\"node\":2,\"timeout_ms\":900,"
            "\"value\":[\"1\",\"2\"]}\n");
  const base::Result<ShimReply> found =
      parse_shim_line(R"({"id":17,"type":"fail","found":null})", 17, kCas);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found.value().found_known);
  EXPECT_EQ(found.value().found, std::nullopt);
  const base::Result<ShimReply> not_told = parse_shim_line(R"({"id":17,"type":"fail"})", 17, kCas);
  ASSERT_TRUE(not_told.ok());
  EXPECT_FALSE(not_told.value().found_known);
}

// Nothing that a system or a shim says may crash the checker.
TEST(Parsers, SurviveEveryMutationOfWhatTheyRead) {
  const char* given = std::getenv("SEAWORTHY_TEST_SEED");
  const std::uint64_t seed = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  SCOPED_TRACE("SEAWORTHY_TEST_SEED=" + std::to_string(seed));
  base::Prng random(seed);
  const std::vector<std::string> valid = {
      R"({"id":17,"type":"ok","value":"3","found":null,"term":1,"believed_leader":2,"leader":true})",
      R"({"header":{"member_id":"7"},"leader":"1","raftTerm":"2","kvs":[{"value":"MQ=="}],)"
      R"("succeeded":false,"responses":[{"response_range":{"header":{}}}],"members":[{"ID":"1"}]})",
      "{peers:{id}={address}:7000}{{x}}{others*:{name}}"};
  const Scope scope = {{{"id", "1"}}, {{{"name", "n1"}}, {{"name", "n2"}}}, 0};
  for (int round = 0; round < 20000; ++round) {
    std::string text = valid[random.between(0, valid.size() - 1)];
    for (std::uint64_t changes = random.between(1, 4); changes > 0 && !text.empty(); --changes) {
      const auto at = static_cast<std::ptrdiff_t>(random.between(0, text.size() - 1));
      if (random.between(0, 3) == 0) {
        text.erase(text.begin() + at);
      } else {
        text[static_cast<std::size_t>(at)] = static_cast<char>(random.between(0, 127));
      }
    }
    for (const ShimFunction function :
         {ShimFunction::Read, ShimFunction::Cas, ShimFunction::Status}) {
      static_cast<void>(parse_shim_line(text, 17, {NodeId{1}, function, "x", {}, {}}));
    }
    static_cast<void>(etcd_json::range_answer(text));
    static_cast<void>(etcd_json::swap_answer(text));
    static_cast<void>(etcd_json::status_answer(text));
    static_cast<void>(etcd_json::members_answer(text));
    static_cast<void>(etcd_json::refusal(text));
    static_cast<void>(expand(text, scope));
  }
}

}  // namespace
}  // namespace check::cluster
