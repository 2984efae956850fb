// SPDX-License-Identifier: Apache-2.0
// Whatever clients send, in whatever order and however often, and wherever a server is rebuilt from
// a snapshot: a simple model knows each answer. RC_PARAMS=seed=N repeats a run; a failure prints
// the whole case, made small.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>

#include "session/echo_machine_test.h"

namespace session {
namespace {

// What happens next: small numbers, so that they meet.
struct Event {
  std::uint8_t what = 0;
  std::uint8_t session = 0;
  std::uint8_t sequence = 0;
  std::uint8_t first = 0;
  std::uint8_t size = 0;
};

std::ostream& operator<<(std::ostream& out, const Event& e) {
  return out << int{e.what} << '/' << int{e.session} << '/' << int{e.sequence} << '/'
             << int{e.first} << '/' << int{e.size};
}

rc::Gen<std::vector<Event>> events() {
  const auto below = [](std::uint8_t end) { return rc::gen::inRange<std::uint8_t>(0, end); };
  return rc::gen::container<std::vector<Event>>(rc::gen::build<Event>(
      rc::gen::set(&Event::what, below(20)), rc::gen::set(&Event::session, below(6)),
      rc::gen::set(&Event::sequence, below(12)), rc::gen::set(&Event::first, below(12)),
      rc::gen::set(&Event::size, below(60))));
}

// Lists instead of maps, everything searched for.
class Model {
 public:
  explicit Model(const Limits& limits) : limits_(limits) {}

  void open(std::uint64_t index) {
    open_.push_back({index, 1, {}});
    shrink();
  }
  void close(std::uint64_t session) {
    std::erase_if(open_, [&](const One& one) { return one.id == session; });
  }
  std::string plain(const std::string& command) {
    return std::to_string(++applied_) + ":" + command;
  }
  std::string numbered(std::uint64_t session, std::uint64_t sequence, std::uint64_t first,
                       const std::string& command) {
    const auto found =
        std::ranges::find_if(open_, [&](const One& one) { return one.id == session; });
    if (found == open_.end()) return "no session";
    std::rotate(found, found + 1, open_.end());  // The one that was used last is last.
    One& one = open_.back();
    one.first = std::max(one.first, first);
    std::erase_if(one.answers, [&](const auto& answer) { return answer.first < one.first; });
    if (sequence < one.first) return "forgotten";
    for (const auto& [number, answer] : one.answers) {
      if (number == sequence)
        return answer.size() > limits_.one_answer_bytes - 1 ? "not kept" : answer;
    }
    if (sequence - one.first >= limits_.unanswered) return "too many open";
    one.answers.emplace_back(sequence, plain(command));
    std::string answer = one.answers.back().second;
    shrink();
    return answer;
  }

 private:
  struct One {
    std::uint64_t id;
    std::uint64_t first;
    std::vector<std::pair<std::uint64_t, std::string>> answers;
  };
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const One& one : open_) {
      for (const auto& [sequence, answer] : one.answers) {
        const std::uint64_t size = answer.size() + 1;
        sum += kAnswerOverheadBytes + (size > limits_.one_answer_bytes ? 1 : size);
      }
    }
    return sum;
  }
  void shrink() {
    while (open_.size() > limits_.sessions || bytes() > limits_.answer_bytes) {
      open_.erase(open_.begin());
    }
  }

  Limits limits_;
  std::vector<One> open_;  // By use.
  std::uint64_t applied_ = 0;
};

// Applies `event` to both, and compares what they say.
void step(Server& server, Model& model, std::vector<std::uint64_t>& known, const Event& event) {
  const std::uint64_t session = known[event.session % known.size()];
  const std::string command(event.size, 'c');
  if (event.what < 3) {
    known.push_back(server.open().value());
    model.open(server.index);
  } else if (event.what == 3) {
    (void)server.apply(Close{SessionId(session)});
    model.close(session);
  } else if (event.what < 6) {
    RC_ASSERT(Server::text(server.apply(Plain{command})) == model.plain(command));
  } else {
    const std::uint64_t sequence = event.sequence + std::uint64_t{1};
    const std::uint64_t first = std::min<std::uint64_t>(event.first + std::uint64_t{1}, sequence);
    const std::string said = server.numbered(SessionId(session), sequence, first, command);
    RC_ASSERT(said == model.numbered(session, sequence, first, command));
  }
}

void behaves(const Limits& limits) {
  const std::vector<Event> all = *events();
  auto server = std::make_unique<Server>(limits);
  Model model(limits);
  std::vector<std::uint64_t> known{0};
  std::unique_ptr<machine::Snapshot> snapshot;
  for (const Event& event : all) {
    if (event.what == 19) {  // Restart.
      const std::string bytes = all_of(*server->sessions.snapshot(), event.size + std::size_t{1});
      server = restored(limits, server->index, bytes, event.first + std::size_t{1});
      continue;
    }
    step(*server, model, known, event);
  }
  RC_ASSERT(server->sessions.table().records().size() <= limits.sessions);
  RC_ASSERT(server->sessions.table().answer_bytes() <= limits.answer_bytes);
}

TEST(Sessions, AnswerLikeTheModel) {
  EXPECT_TRUE(rc::check([] { behaves({100, 100'000, 1000, 100}); }));
}

TEST(Sessions, AnswerLikeTheModelWhereEveryBoundIsTight) {
  EXPECT_TRUE(rc::check([] { behaves({3, 400, 40, 5}); }));
}

TEST(Sessions, AServerFromASnapshotAnswersLikeTheOneThatWentOn) {
  EXPECT_TRUE(rc::check([] {
    const Limits limits{3, 400, 40, 5};
    Server first(limits);
    Model model(limits);
    std::vector<std::uint64_t> known{0};
    for (const Event& event : *events()) step(first, model, known, event);
    const auto snapshot = first.sessions.snapshot();
    const std::uint64_t index = first.index;
    std::vector<std::pair<Command, std::string>> later;
    const std::vector<Event> rest = *events();
    std::vector<std::string> said;
    const auto command_of = [&](const Event& event) -> Command {
      if (event.what < 3) return Open{};
      const std::uint64_t sequence = event.sequence + std::uint64_t{1};
      return Numbered{SessionId(known[event.session % known.size()]), Sequence(sequence),
                      Sequence(std::min<std::uint64_t>(event.first + std::uint64_t{1}, sequence)),
                      "x"};
    };
    said.reserve(rest.size());
    for (const Event& event : rest) said.push_back(Server::text(first.apply(command_of(event))));
    const auto second = restored(limits, index, all_of(*snapshot, 9), 4);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      RC_ASSERT(Server::text(second->apply(command_of(rest[i]))) == said[i]);
    }
    RC_ASSERT(second->inner.applied == first.inner.applied);
  }));
}

}  // namespace
}  // namespace session
