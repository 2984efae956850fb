// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/child.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "check/cluster/environment.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kLastWordsBytes = 2000;
constexpr std::size_t kLongestOutput = 64U << 10U;
constexpr std::chrono::milliseconds kReadingPoll{2};

std::string message_of(int error) { return std::generic_category().message(error); }

// A group of its own, so that its children end with it and Ctrl-C is for the checker to handle;
// no signal blocked or ignored, whatever this thread does.
void set_attributes(posix_spawnattr_t* attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_init(attributes);
  posix_spawnattr_setflags(attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(attributes, 0);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &all);
}

base::Result<pid_t> spawn(const Command& command, int talk, int complaints) {
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = whole_environment(command);
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> variables = pointers_to(environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, talk, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, talk, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
  posix_spawnattr_t attributes;
  set_attributes(&attributes);
  pid_t pid = -1;
  const int failure =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure == 0) return pid;
  return Error{failure == ENOENT ? ErrorCode::NotFound : ErrorCode::Io,
               "cannot run " + words[0] + ": " + message_of(failure)};
}

// Two ends of a socket; ours does not block, the program's does.
struct Pair {
  Stream ours;
  Stream theirs;
};

base::Result<Pair> make_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error{ErrorCode::Io, "no socket pair to be had: " + message_of(errno)};
  }
  Pair pair{Stream(ends[0]), Stream(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pair;
}

}  // namespace

base::Result<Child> Child::start(const Command& command) {
  if (command.words.empty()) return Error{ErrorCode::InvalidArgument, "no program is named"};
  TRY(Pair talk, make_pair());
  TRY(Pair complaints, make_pair());
  TRY(const pid_t pid, spawn(command, talk.theirs.fd(), complaints.theirs.fd()));
  return Child(pid, std::move(talk.ours), std::move(complaints.ours));
}

Child::~Child() { end(); }

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      talk_(std::move(other.talk_)),
      complaints_(std::move(other.complaints_)),
      said_(std::move(other.said_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    talk_ = std::move(other.talk_);
    complaints_ = std::move(other.complaints_);
    said_ = std::move(other.said_);
  }
  return *this;
}

void Child::end() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

std::optional<Broken> Child::send(std::string_view bytes, const Deadline& deadline) {
  std::optional<Broken> broken = talk_.send(bytes, deadline);
  if (broken) broken->note += last_words();
  return broken;
}

// Nothing says when the other end reads, so it is asked again and again.
base::Status Child::await_reading(const Deadline& deadline) {
  for (;;) {
    listen();
    int unread = 0;
    const bool told = ::ioctl(talk_.fd(), SIOCOUTQ, &unread) == 0;
    // What a program that ended left unread counts as read.
    pollfd entry{talk_.fd(), POLLRDHUP, 0};
    if (::poll(&entry, 1, 0) > 0) {
      return Error{ErrorCode::Unavailable, "the program ended" + last_words()};
    }
    if (!told || unread == 0) return base::Done{};
    if (deadline.passed()) return Error{ErrorCode::Timeout, "it reads nothing" + last_words()};
    std::this_thread::sleep_for(std::min(kReadingPoll, deadline.left()));
  }
}

base::Status Child::receive(std::string& text, const Deadline& deadline) {
  for (;;) {
    std::array<pollfd, 2> entries{pollfd{talk_.fd(), POLLIN, 0},
                                  pollfd{complaints_.fd(), POLLIN, 0}};
    const int ready = ::poll(entries.data(), complaints_.open() ? 2 : 1, deadline.poll_ms());
    if (ready == 0 || (ready < 0 && (errno != EINTR || deadline.passed()))) {
      return Error{ErrorCode::Timeout, "no answer in time" + last_words()};
    }
    if (ready < 0) continue;
    if (entries[1].revents != 0) listen();
    if (entries[0].revents == 0) continue;
    std::array<char, 16384> space{};
    const base::Result<std::size_t> count = talk_.receive(space, deadline);
    if (!count.ok()) return Error{count.error().code, count.error().message + last_words()};
    if (count.value() == 0) {
      return Error{ErrorCode::Unavailable, "the program ended" + last_words()};
    }
    text.append(space.data(), count.value());
    return base::Done{};
  }
}

void Child::listen() {
  if (!complaints_.open()) return;
  std::array<char, 4096> space{};
  for (;;) {
    const ssize_t count = ::recv(complaints_.fd(), space.data(), space.size(), MSG_DONTWAIT);
    if (count == 0) complaints_.close();
    if (count <= 0) return;
    said_.append(space.data(), static_cast<std::size_t>(count));
    if (said_.size() > kLastWordsBytes) said_.erase(0, said_.size() - kLastWordsBytes);
  }
}

std::string Child::last_words() {
  listen();
  const std::size_t end = said_.find_last_not_of(" \r\n");
  if (end == std::string::npos) return {};
  return "; it said: " + said_.substr(0, end + 1);
}

base::Result<std::string> output_of(const Command& command, std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::after(timeout);
  TRY(Child child, Child::start(command));
  std::string text;
  for (;;) {
    const base::Status received = child.receive(text, deadline);
    if (!received.ok()) {
      if (received.error().code == ErrorCode::Unavailable && !text.empty()) return text;
      return Error{received.error().code, command.words[0] + ": " + received.error().message};
    }
    if (text.size() > kLongestOutput) {
      return Error{ErrorCode::InvalidArgument, command.words[0] + " does not stop writing"};
    }
  }
}

}  // namespace check::cluster
