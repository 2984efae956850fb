// SPDX-License-Identifier: Apache-2.0
#include "transport/peer_names.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace transport {
namespace {

const os::Log kLog(1);
constexpr raft::NodeId kPeer{2};
const os::HostPort kName{"n2", 7001};

bool nobody_is_up(raft::NodeId /*peer*/) { return false; }

TEST(PeerNames, FindsWhatTheResolverSays) {
  PeerNames names(kLog, [](const os::HostPort& where) {
    return os::resolve({where.host == "n2" ? "127.0.0.1" : "::1", where.port});
  });
  names.follow(kPeer, kName);
  std::optional<std::pair<raft::NodeId, os::Address>> found;
  while (!found) found = names.find(PeerNames::Time(1), nobody_is_up);
  EXPECT_EQ(found->first, kPeer);
  EXPECT_EQ(os::host_port(found->second).text(), "127.0.0.1:7001");
}

// What it uses lives on with its thread.
TEST(PeerNames, TheirEndDoesNotWaitForAResolverThatHangs) {
  struct Hang {
    std::promise<void> begun;
    std::promise<void> over;
    std::promise<std::string> asked;
  };
  const auto hang = std::make_shared<Hang>();
  {
    PeerNames names(kLog, [hang](const os::HostPort& where) -> PeerNames::Found {
      hang->begun.set_value();
      hang->over.get_future().wait();
      hang->asked.set_value(where.text());
      return base::Error{base::ErrorCode::NotFound, "late"};
    });
    names.follow(kPeer, kName);
    EXPECT_FALSE(names.find(PeerNames::Time(1), nobody_is_up));
    hang->begun.get_future().wait();
    EXPECT_FALSE(names.find(PeerNames::Time(2), nobody_is_up));
  }
  hang->over.set_value();
  EXPECT_EQ(hang->asked.get_future().get(), "n2:7001");
  while (hang.use_count() > 1) std::this_thread::yield();  // The thread is over, but for its end.
}

// Is copied for a thread, and then fails as a thread does that cannot be started.
class NoThreads {
 public:
  explicit NoThreads(std::shared_ptr<const bool> none) : none_(std::move(none)) {}
  NoThreads(const NoThreads& other) : none_(other.none_) {
    if (*none_) throw std::system_error(EAGAIN, std::generic_category());
  }
  NoThreads(NoThreads&&) = default;
  NoThreads& operator=(const NoThreads&) = delete;
  NoThreads& operator=(NoThreads&&) = delete;
  ~NoThreads() = default;

  PeerNames::Found operator()(const os::HostPort& /*where*/) const {
    return os::resolve({"127.0.0.1", 7001});
  }

 private:
  std::shared_ptr<const bool> none_;
};

TEST(PeerNames, TryAgainWhenAThreadCannotBeStarted) {
  using std::chrono::seconds;
  const auto none = std::make_shared<bool>(true);
  PeerNames names(kLog, NoThreads(none));
  names.follow(kPeer, kName);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(names.find(seconds(i), nobody_is_up));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("cannot start a thread"), std::string::npos) << said;
  EXPECT_EQ(said.find("peer-not-found"), said.rfind("peer-not-found")) << "once";
  *none = false;
  std::optional<std::pair<raft::NodeId, os::Address>> found;
  while (!found) found = names.find(seconds(30), nobody_is_up);
  EXPECT_EQ(found->first, kPeer);
}

}  // namespace
}  // namespace transport
