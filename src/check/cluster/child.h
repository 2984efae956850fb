// SPDX-License-Identifier: Apache-2.0
// A program that the checker runs for itself, not on a node: a client shim, `etcd --version`.
//
// Its standard input and output are one socket; what it writes to standard error is kept, the last
// of it, to be shown when something goes wrong. It is gone, with its children, when this object is.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "check/cluster/deadline.h"
#include "check/cluster/hosts.h"
#include "check/cluster/stream.h"

namespace check::cluster {

class Child {
 public:
  // Runs in the network of the calling thread.
  static base::Result<Child> start(const Command& command);

  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::optional<Broken> send(std::string_view bytes, const Deadline& deadline);
  // Waits until the program has read all that was sent to it. An error quotes its last words.
  base::Status await_reading(const Deadline& deadline);
  // Appends what there is on standard output to `text`; at its end, an error that quotes the
  // program's last words.
  base::Status receive(std::string& text, const Deadline& deadline);

 private:
  Child(pid_t pid, Stream talk, Stream complaints)
      : pid_(pid), talk_(std::move(talk)), complaints_(std::move(complaints)) {}
  void listen();             // Takes in what is there on standard error.
  std::string last_words();  // ": ..." or nothing.
  void end();

  pid_t pid_ = -1;
  Stream talk_;
  Stream complaints_;
  std::string said_;
};

// What the program writes to standard output until it ends, at most a few kilobytes.
base::Result<std::string> output_of(const Command& command, std::chrono::milliseconds timeout);

}  // namespace check::cluster
