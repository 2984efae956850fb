// SPDX-License-Identifier: Apache-2.0
// A state machine for tests that shows whatever it is made to do twice: it counts what it applied,
// and answers "COUNT:COMMAND".
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "machine/state_machine.h"
#include "session/command.h"
#include "session/sessions.h"

namespace session {

class EchoMachine final : public machine::StateMachine {
 public:
  void apply(std::span<const raft::Entry> commands,
             std::vector<machine::Answer>& answers) override {
    for (const raft::Entry& entry : commands) {
      applied.push_back(*entry.payload);
      answers.push_back(std::to_string(applied.size()) + ":" + *entry.payload);
    }
  }
  machine::Answer read(std::string_view query) const override {
    return std::string(query) + "?" + std::to_string(applied.size());
  }
  std::unique_ptr<machine::Snapshot> snapshot() override {
    return std::make_unique<Lines>(applied);
  }
  std::unique_ptr<machine::Restore> begin_restore() override {
    return std::make_unique<Staged>(*this);
  }

  std::vector<std::string> applied;

 private:
  class Lines final : public machine::Snapshot {
   public:
    explicit Lines(const std::vector<std::string>& lines) {
      for (const std::string& line : lines) text_ += line + "\n";
    }
    std::string next(std::size_t about_bytes) override {
      std::string piece = text_.substr(0, about_bytes);
      text_.erase(0, piece.size());
      return piece;
    }

   private:
    std::string text_;
  };
  class Staged final : public machine::Restore {
   public:
    explicit Staged(EchoMachine& machine) : machine_(machine) {}
    base::Status add(std::string_view bytes) override {
      for (const char c : bytes) {
        if (c == '\n') {
          lines_.push_back(std::exchange(line_, {}));
        } else {
          line_ += c;
        }
      }
      return base::Done{};
    }
    base::Status finish() override {
      if (!line_.empty()) return base::Error{base::ErrorCode::Corrupt, "half a line"};
      machine_.applied = std::move(lines_);
      return base::Done{};
    }

   private:
    EchoMachine& machine_;
    std::vector<std::string> lines_;
    std::string line_;
  };
};

// A server's state: sessions around an EchoMachine, and the log's next index.
struct Server {
  explicit Server(const Limits& limits_of_all) : limits(limits_of_all) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() = default;

  struct Said {
    Kind kind = Kind::Malformed;
    std::string answer;
  };
  static Said said(const machine::Answer& answer) {
    const Unwrapped unwrapped = unwrap(answer).value();
    return {unwrapped.kind, std::string(unwrapped.answer)};
  }

  // The one after `index`.
  Said apply(const Command& command) { return apply_bytes(encode(command)); }
  Said apply_bytes(const std::string& payload) {
    ++index;
    const raft::Entry entry{{raft::Term(1), raft::LogIndex(index)},
                            raft::EntryKind::Command,
                            std::make_shared<const std::string>(payload)};
    std::vector<machine::Answer> answers;
    sessions.apply(std::span(&entry, 1), answers);
    return said(answers.at(0));
  }
  SessionId open() {
    const Said opened = apply(Open{});
    return opened_session({opened.kind, opened.answer}).value();
  }
  static std::string text(const Said& unwrapped) {
    constexpr const char* kNames[] = {"answer",    "opened",        "closed",    "no session",
                                      "forgotten", "too many open", "malformed", "not kept"};
    const std::string name = kNames[static_cast<std::size_t>(unwrapped.kind)];
    return unwrapped.kind == Kind::Answer ? unwrapped.answer : name;
  }
  std::string numbered(SessionId session, std::uint64_t sequence, std::uint64_t first,
                       const std::string& command) {
    return text(apply(Numbered{session, Sequence(sequence), Sequence(first), command}));
  }

  Limits limits;
  EchoMachine inner;
  Sessions sessions{inner, limits};
  std::uint64_t index = 0;
};

inline std::string all_of(machine::Snapshot& snapshot, std::size_t about_bytes) {
  std::string all;
  for (std::string piece; !(piece = snapshot.next(about_bytes)).empty();) all += piece;
  return all;
}

// A server that begins where `bytes` were taken from.
inline std::unique_ptr<Server> restored(const Limits& limits, std::uint64_t index,
                                        const std::string& bytes, std::size_t cut) {
  auto server = std::make_unique<Server>(limits);
  server->index = index;
  const auto restore = server->sessions.begin_restore();
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    const base::Status added = restore->add(std::string_view(bytes).substr(at, cut));
    CHECK(added.ok(), added.error().message);
  }
  const base::Status finished = restore->finish();
  CHECK(finished.ok(), finished.error().message);
  return server;
}

}  // namespace session
