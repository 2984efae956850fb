// SPDX-License-Identifier: Apache-2.0
// Servers of a cluster in one program, over loopback, on real folders.
#include <gtest/gtest.h>
#include <seaworthy/raft/server.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "journal/kit/workload.h"
#include "journal/storage.h"
#include "os/no_threads.h"

namespace {

using seaworthy::Outcome;

// Two of these may run at once.
int first_port() { return 23200 + static_cast<int>(getpid() % 50) * 5; }

// A text that commands are appended to.
class Text final : public seaworthy::StateMachine {
 public:
  std::string apply(const seaworthy::Command& command) override {
    text_ += command.bytes;
    return text_;
  }
  std::string read(std::string_view /*query*/) const override { return text_; }
  std::unique_ptr<seaworthy::Snapshot> snapshot() override {
    return seaworthy::whole_snapshot(text_);
  }
  std::unique_ptr<seaworthy::Restore> restore() override {
    return seaworthy::whole_restore([this](std::string state) {
      text_ = std::move(state);
      return true;
    });
  }

 private:
  std::string text_;
};

// A log that outlives its server, though on no disk.
class Lent final : public journal::Storage {
 public:
  explicit Lent(kit::Model& durable) : durable_(durable), log_(durable) {}
  base::Result<journal::Recovered> recover() override {
    return journal::Recovered{durable_.hard_state, durable_.base, durable_.entries, {}, {}};
  }
  void append(const journal::Change& change) override {
    log_.take(change);
    ++pending_;
  }
  std::uint64_t pending_bytes() const override { return pending_; }
  base::Status sync() override {
    durable_ = log_;
    pending_ = 0;
    return base::Done{};
  }
  void drop_through(raft::LogIndex /*index*/) override {}
  base::Result<bool> tend() override { return false; }

 private:
  kit::Model& durable_;
  kit::Model log_;
  std::uint64_t pending_ = 0;
};

class Server : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "embed-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    servers_.clear();
    std::filesystem::remove_all(folder_);
  }

  static std::string address(std::uint32_t id) {
    return "127.0.0.1:" + std::to_string(first_port() + static_cast<int>(id));
  }
  seaworthy::Options options(std::uint32_t id) const {
    seaworthy::Options options;
    options.id = id;
    for (std::uint32_t member = 1; member <= 3; ++member) {
      options.members.emplace(member, address(member));
    }
    options.folder = folder_ + "/" + std::to_string(id);
    return options;
  }
  void start(const seaworthy::Options& options) {
    seaworthy::Error error;
    machines_[options.id] = std::make_unique<Text>();
    servers_[options.id] = seaworthy::Server::open(options, *machines_[options.id], error);
    ASSERT_NE(servers_[options.id], nullptr) << error.message;
  }
  void start_all() {
    for (const std::uint32_t id : {1U, 2U, 3U}) start(options(id));
  }
  std::string error_of(const seaworthy::Options& options) {
    Text machine;
    seaworthy::Error error;
    EXPECT_EQ(seaworthy::Server::open(options, machine, error), nullptr);
    EXPECT_EQ(error.kind, seaworthy::Error::Kind::Usage);
    return error.message;
  }
  // Asks the server that leads, again while it refuses: it does not any more, or a new member has
  // not caught up.
  Outcome at_leader(
      const std::function<void(seaworthy::Server&, const seaworthy::Callback&)>& ask) {
    Outcome outcome;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      (void)servers_.begin()->second->read("").get();  // Somebody leads.
      const std::uint32_t leader = servers_.begin()->second->status().standing.leader;
      if (leader == 0 || servers_[leader] == nullptr) continue;
      std::promise<Outcome> answer;
      ask(*servers_[leader], [&](const Outcome& said) { answer.set_value(said); });
      outcome = answer.get_future().get();
      if (outcome.kind != Outcome::Kind::Refused) return outcome;
    }
    return outcome;
  }

  std::string folder_;
  std::map<std::uint32_t, std::unique_ptr<Text>> machines_;
  std::map<std::uint32_t, std::unique_ptr<seaworthy::Server>> servers_;
};

TEST_F(Server, AnyMemberTakesWritesAndReads) {
  start_all();
  EXPECT_EQ(servers_[1]->write("a").get().answer, "a");
  EXPECT_EQ(servers_[2]->write("b").get().answer, "ab");
  EXPECT_EQ(servers_[3]->write("c").get().answer, "abc");
  for (auto& [id, server] : servers_) EXPECT_EQ(server->read("").get().answer, "abc");
}

TEST_F(Server, TheStateComesBackFromTheFolder) {
  start_all();
  ASSERT_TRUE(servers_[1]->write("kept").get().done());
  servers_.clear();
  start_all();
  EXPECT_EQ(servers_[2]->read("").get().answer, "kept");
}

TEST_F(Server, TheStateComesBackFromASnapshot) {
  start_all();
  ASSERT_TRUE(servers_[1]->write("kept").get().done());
  for (auto& [id, server] : servers_) {
    std::promise<Outcome> taken;
    server->take_snapshot([&](const Outcome& outcome) { taken.set_value(outcome); });
    const Outcome outcome = taken.get_future().get();
    EXPECT_TRUE(outcome.done()) << outcome.why;
  }
  servers_.clear();
  start_all();
  EXPECT_EQ(servers_[3]->read("").get().answer, "kept");
}

TEST_F(Server, AStorageOfOnesOwnKeepsTheLog) {
  std::map<std::uint32_t, kit::Model> logs;
  const auto start_on_logs = [&] {
    for (const std::uint32_t id : {1U, 2U, 3U}) {
      seaworthy::Options own = options(id);
      own.make_storage = [&log = logs[id]](io::Disk&) { return std::make_unique<Lent>(log); };
      start(own);
    }
  };
  start_on_logs();
  ASSERT_TRUE(servers_[1]->write("kept").get().done());
  servers_.clear();
  EXPECT_GT(logs[1].last().index, raft::LogIndex(0));
  for (const auto& file : std::filesystem::directory_iterator(options(1).folder)) {
    EXPECT_EQ(file.path().filename(), "LOCK");
  }
  start_on_logs();
  EXPECT_EQ(servers_[2]->read("").get().answer, "kept");
  servers_.clear();  // Before the logs.
}

TEST_F(Server, AStorageOfOnesOwnDoesNotPassALogOver) {
  start(options(1));
  servers_.clear();
  kit::Model log;
  seaworthy::Options own = options(1);
  own.make_storage = [&](io::Disk&) { return std::make_unique<Lent>(log); };
  EXPECT_NE(error_of(own).find("must be opened as segments"), std::string::npos);
  own.folder += "-other";
  own.make_storage = [](io::Disk&) { return nullptr; };
  EXPECT_EQ(error_of(own), own.folder + ": make_storage made none");
}

TEST_F(Server, TheDestructorAnswersWhatWaits) {
  start(options(1));  // Alone: nothing is ever decided.
  std::future<Outcome> write = servers_[1]->write("x");
  std::future<Outcome> read = servers_[1]->read("x");
  servers_.clear();
  EXPECT_EQ(write.get().kind, Outcome::Kind::Refused);
  EXPECT_EQ(read.get().why, "the server was closed");
}

TEST_F(Server, LeadershipIsHandedOver) {
  start_all();
  ASSERT_TRUE(servers_[1]->write("x").get().done());
  std::uint32_t to = 0;
  const Outcome outcome =
      at_leader([&](seaworthy::Server& leader, const seaworthy::Callback& callback) {
        to = leader.status().id % 3 + 1;
        leader.transfer(to, callback);
      });
  ASSERT_TRUE(outcome.done()) << outcome.why;
  EXPECT_TRUE(servers_[1]->write("y").get().done());
}

TEST_F(Server, AFourthMemberJoinsAsLearnerAndIsPromoted) {
  start_all();
  ASSERT_TRUE(servers_[1]->write("before").get().done());
  seaworthy::Options fourth = options(4);
  fourth.members.emplace(4, address(4));
  fourth.join = true;
  start(fourth);
  seaworthy::Membership with{options(1).members, {{4, address(4)}}};
  const auto change = [&](seaworthy::Server& leader, const seaworthy::Callback& callback) {
    leader.change_membership(with, callback);
  };
  ASSERT_TRUE(at_leader(change).done());
  with = {fourth.members, {}};
  const Outcome promoted = at_leader(change);
  ASSERT_TRUE(promoted.done()) << promoted.why;
  EXPECT_EQ(servers_[4]->write("!").get().answer, "before!");
}

TEST_F(Server, AMemberWithoutAnAddressIsRefused) {
  start_all();
  ASSERT_TRUE(servers_[1]->write("before").get().done());
  seaworthy::Membership with{options(1).members, {{4, "n4;7001"}}};
  const auto change = [&](seaworthy::Server& leader, const seaworthy::Callback& callback) {
    leader.change_membership(with, callback);
  };
  for (const std::uint32_t id : {1U, 2U, 3U}) {
    std::promise<Outcome> promise;
    change(*servers_[id], [&](const Outcome& outcome) { promise.set_value(outcome); });
    const Outcome outcome = promise.get_future().get();
    EXPECT_EQ(outcome.kind, Outcome::Kind::Refused);
    EXPECT_NE(outcome.why.find("n4;7001"), std::string::npos) << outcome.why;
  }
}

TEST_F(Server, OptionsThatMakeNoSenseAreRefusedWithASentence) {
  seaworthy::Options wrong = options(9);
  EXPECT_EQ(error_of(wrong), "members does not have this server, 9");
  wrong = options(1);
  wrong.folder = "";
  EXPECT_EQ(error_of(wrong), "folder is empty");
  wrong.folder = "/proc/nowhere/1";
  EXPECT_NE(error_of(wrong).find("/proc/nowhere/1"), std::string::npos);
  wrong = options(1);
  wrong.members[2] = "nowhere";
  EXPECT_NE(error_of(wrong).find("nowhere"), std::string::npos);
  wrong = options(1);
  wrong.election_max = wrong.election_min;
  EXPECT_EQ(error_of(wrong), "election_max is not a heartbeat above election_min");
  wrong = options(1);
  wrong.transport = seaworthy::Transport::Udp;
  wrong.datagram_bytes = 7;
  EXPECT_NE(error_of(wrong).find('7'), std::string::npos);
}

TEST_F(Server, AnAddressOrAFolderThatIsTakenIsRefused) {
  start(options(1));
  seaworthy::Options twice = options(1);
  EXPECT_NE(error_of(twice), "");  // The folder.
  twice.folder += "-other";
  EXPECT_NE(error_of(twice).find(address(1)), std::string::npos);
}

TEST_F(Server, NeedsAThread) {
  {
    const os::NoThreads none;
    EXPECT_EQ(error_of(options(1)).find("cannot start a thread: "), 0U);
  }
  start(options(1));
}

TEST_F(Server, ACommandThatIsTooLongIsRefused) {
  start_all();
  const Outcome outcome =
      servers_[1]->write(std::string(seaworthy::Server::kMaxBytes + 1, 'x')).get();
  EXPECT_EQ(outcome.kind, Outcome::Kind::Refused);
  std::promise<std::thread::id> told;
  servers_[1]->write(std::string(seaworthy::Server::kMaxBytes + 1, 'x'),
                     [&](const Outcome&) { told.set_value(std::this_thread::get_id()); });
  EXPECT_NE(told.get_future().get(), std::this_thread::get_id());
  EXPECT_EQ(servers_[1]->write(std::string(seaworthy::Server::kMaxBytes, 'x')).get().answer.size(),
            seaworthy::Server::kMaxBytes);
}

// Nobody leads, so that nothing is answered before its time is over.
TEST_F(Server, RefusesWhatIsTooLongTogetherOrTooMuchUntilSomethingIsAnswered) {
  seaworthy::Options lonely = options(1);
  lonely.max_waiting = 4;
  lonely.max_waiting_bytes = seaworthy::Server::kMaxBytes - 1;
  EXPECT_EQ(error_of(lonely), "max_waiting_bytes is less than 8 MiB, the longest command");
  lonely.max_waiting_bytes = seaworthy::Server::kMaxBytes;
  lonely.patience = std::chrono::seconds(3);
  start(lonely);
  const auto write = [&](std::size_t bytes) { return servers_[1]->write(std::string(bytes, 'x')); };
  constexpr std::size_t kHalf = seaworthy::Server::kMaxBytes / 2;
  for (int round = 0; round < 2; ++round) {
    std::future<Outcome> first = write(kHalf);
    std::future<Outcome> second = write(kHalf);
    EXPECT_EQ(write(1).get().why, "the requests that wait are too long together");
    std::future<Outcome> third = write(0);
    std::future<Outcome> fourth = servers_[1]->read("");
    EXPECT_EQ(write(0).get().why, "too many requests are waiting");
    for (std::future<Outcome>* waiting : {&first, &second, &third, &fourth}) {
      EXPECT_EQ(waiting->get().why, "not decided in time: nobody leads");
    }
  }
}

// Their callbacks would be a queue without an end.
TEST_F(Server, RefusesOnTheThreadOfTheCallerWhenItsOwnIsTooSlow) {
  seaworthy::Options lonely = options(1);
  lonely.max_waiting = 3;
  start(lonely);
  std::promise<void> held;
  std::promise<void> release;
  servers_[1]->write(std::string(seaworthy::Server::kMaxBytes + 1, 'x'), [&](const Outcome&) {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  std::vector<std::future<std::thread::id>> told;
  for (int i = 0; i < 3 + 3 + 1; ++i) {
    auto promise = std::make_shared<std::promise<std::thread::id>>();
    told.push_back(promise->get_future());
    servers_[1]->read("", [promise](const Outcome& outcome) {
      EXPECT_EQ(outcome.kind, Outcome::Kind::Refused);
      promise->set_value(std::this_thread::get_id());
    });
  }
  ASSERT_EQ(told.back().wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(told.back().get(), std::this_thread::get_id());
  release.set_value();
  EXPECT_NE(told[3].get(), std::this_thread::get_id());
  servers_.clear();
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(told[static_cast<std::size_t>(i)].get(), std::this_thread::get_id());
}

// SIGBUS comes to the server's thread, and is an error of its disk there.
TEST_F(Server, AMappedFileThatIsGoneEndsTheServerAndNotTheProgram) {
  seaworthy::Options alone = options(1);
  alone.members = {{1, address(1)}};
  alone.storage = seaworthy::Storage::Mapped;
  std::promise<seaworthy::Error> failed;
  alone.on_failed = [&](const seaworthy::Error& error) { failed.set_value(error); };
  start(alone);
  ASSERT_TRUE(servers_[1]->write("before").get().done());
  std::filesystem::resize_file(alone.folder + "/log.mapped", 0);
  EXPECT_FALSE(servers_[1]->write("after").get().done());
  const seaworthy::Error error = failed.get_future().get();
  EXPECT_EQ(error.kind, seaworthy::Error::Kind::Storage);
  EXPECT_NE(error.message.find("log.mapped"), std::string::npos) << error.message;
}

TEST_F(Server, ARefusalOfWhatIsThereNamesTheFileWithItsFolder) {
  seaworthy::Options alone = options(1);
  alone.members = {{1, address(1)}};
  for (const auto storage : {seaworthy::Storage::Segments, seaworthy::Storage::Mapped}) {
    alone.storage = storage;
    alone.folder = folder_ + (storage == seaworthy::Storage::Mapped ? "/mapped" : "/segments");
    alone.cluster = "mine";
    start(alone);
    ASSERT_TRUE(servers_[1]->write("x").get().done());
    servers_.clear();
    alone.cluster = "another";
    const std::string message = error_of(alone);
    EXPECT_TRUE(message.starts_with(alone.folder + "/")) << message;
    const std::size_t end = message.find(": belongs to a cluster of another name");
    EXPECT_TRUE(std::filesystem::exists(message.substr(0, end))) << message;
  }
  alone.storage = seaworthy::Storage::Segments;  // In the folder of the mapped one.
  EXPECT_EQ(error_of(alone),
            alone.folder + "/log.mapped: of another kind of storage; it must be opened as mapped");
}

TEST_F(Server, UdpAndTheMappedFileWorkToo) {
  for (const std::uint32_t id : {1U, 2U, 3U}) {
    seaworthy::Options udp = options(id);
    udp.transport = seaworthy::Transport::Udp;
    udp.storage = seaworthy::Storage::Mapped;
    start(udp);
  }
  EXPECT_EQ(servers_[2]->write("over UDP").get().answer, "over UDP");
  const Outcome refused = servers_[2]->write(std::string(600, 'x')).get();
  EXPECT_EQ(refused.kind, Outcome::Kind::Refused);
  EXPECT_EQ(refused.why, "it is longer than the transport can carry");
}

}  // namespace
