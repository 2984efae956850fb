// SPDX-License-Identifier: Apache-2.0
// The pieces of docs/embedding.md that examples/counter has no need of: compiled, and linked into a
// program that the test runs on a cluster of one.
#include <seaworthy/raft/server.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <utility>

namespace {

// A map too large to be one string: a snapshot in pieces of a copy. (A structure that shares its
// parts until they change makes the copy cheap.)
class Words final : public seaworthy::StateMachine {
 public:
  using Map = std::map<std::string, std::string>;

  std::string apply(const seaworthy::Command& command) override {
    const std::size_t end = command.bytes.find('=');
    if (end == std::string_view::npos) return "no KEY=VALUE";
    map_.insert_or_assign(std::string(command.bytes.substr(0, end)),
                          std::string(command.bytes.substr(end + 1)));
    return "ok";
  }
  std::string read(std::string_view query) const override {
    const auto found = map_.find(std::string(query));
    return found == map_.end() ? "" : found->second;
  }
  std::unique_ptr<seaworthy::Snapshot> snapshot() override { return std::make_unique<Cut>(map_); }
  std::unique_ptr<seaworthy::Restore> restore() override { return std::make_unique<Intake>(map_); }

 private:
  class Cut final : public seaworthy::Snapshot {
   public:
    explicit Cut(Map map) : map_(std::move(map)) {}
    std::string next(std::size_t about_bytes) override {
      std::string piece;
      while (!map_.empty() && piece.size() < about_bytes) {
        const auto word = map_.extract(map_.begin());
        piece += word.key() + '=' + word.mapped() + '\n';
      }
      return piece;
    }

   private:
    Map map_;
  };

  class Intake final : public seaworthy::Restore {
   public:
    explicit Intake(Map& target) : target_(target) {}
    bool add(std::string_view bytes) override {
      for (const char c : bytes) {  // Cut anywhere, also within a line.
        if (c != '\n') {
          line_ += c;
          continue;
        }
        const std::size_t end = line_.find('=');
        if (end == std::string::npos) return false;
        map_.emplace(line_.substr(0, end), line_.substr(end + 1));
        line_.clear();
      }
      return true;
    }
    bool finish() override {
      if (line_.empty()) target_ = std::move(map_);
      return line_.empty();
    }

   private:
    Map& target_;
    Map map_;
    std::string line_;
  };

  Map map_;
};

// Server 4 joins: it was started with `join`, and gets the log before it counts.
void add_fourth(seaworthy::Server& leader, const std::string& address) {
  seaworthy::Membership target = leader.status().membership;
  target.learners.emplace(4, address);
  leader.change_membership(target, [&leader, address](const seaworthy::Outcome& added) {
    if (!added.done()) return;  // `why` says whether to ask the present leader.
    seaworthy::Membership promoted = leader.status().membership;
    promoted.learners.erase(4);
    promoted.voters.emplace(4, address);
    leader.change_membership(promoted, [](const seaworthy::Outcome& outcome) {
      std::cerr << (outcome.done() ? "4 is a voter\n" : outcome.why + '\n');
    });
  });
}

void write_without_waiting(seaworthy::Server& server, std::promise<bool>& promise) {
  server.write("key=value", [&promise](const seaworthy::Outcome& outcome) {
    promise.set_value(outcome.done());  // On the server's thread: be quick.
  });
}

void encrypt(seaworthy::Options& options) { options.tls = {"n1.pem", "n1.key", "ca.pem"}; }

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 3;
  seaworthy::Options options;
  options.id = 1;
  options.members = {{1, std::string("127.0.0.1:") + words[2]}};
  options.folder = words[1];
  if (std::getenv("ENCRYPT") != nullptr) encrypt(options);
  Words machine;
  seaworthy::Error error;
  const auto server = seaworthy::Server::open(options, machine, error);
  if (server == nullptr) {
    std::cerr << error.message << '\n';
    return 1;
  }
  std::promise<bool> promise;
  write_without_waiting(*server, promise);
  if (!promise.get_future().get()) return 1;
  if (std::getenv("FOURTH") != nullptr) add_fourth(*server, std::getenv("FOURTH"));
  std::promise<bool> taken;
  server->take_snapshot(
      [&](const seaworthy::Outcome& outcome) { taken.set_value(outcome.done()); });
  if (!taken.get_future().get()) return 1;
  return server->read("key").get().answer == "value" ? 0 : 1;
}
