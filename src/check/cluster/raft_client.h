// SPDX-License-Identifier: Apache-2.0
// One client of the system under test. Written once for each implementation; the same tests then
// run on every one.
//
// The contract that verdicts rest on:
//   Ok    the system said that it is done.
//   Fail  it certainly did not and will not take effect: the request never left (refused
//   connection),
//         or the system said so (a cas that found another value, "not leader, nothing was done").
//   Info  anything else: a timeout, a lost connection after sending, an error that leaves it open.
// When in doubt, Info: a wrong Fail turns a correct system into an invalid one. A read has no
// effect, so an unanswered read may be Fail.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/history/operation.h"

namespace check::cluster {

class RaftClusterConfig;

struct Answer {
  history::Outcome outcome = history::Outcome::Info;
  // Read Ok: what was read. Cas Fail: what was there instead, if `found_known`.
  history::Value found;
  bool found_known = false;
  std::string note;  // The system's own words on failure, for the history; may be empty.
};

class RaftClient {
 public:
  virtual ~RaftClient() = default;

  // Every class that implements this also has
  //   static std::unique_ptr<RaftClient> createClient(RaftClusterConfig* config);

  // Prepares to talk to `node`; every later call returns within `timeout`. May be called again, for
  // another node or after an error.
  virtual base::Status connect(history::NodeId node, std::chrono::milliseconds timeout) = 0;

  // Linearizable, all four. A key never written reads nothing (std::nullopt).
  virtual Answer read(const std::string& key) = 0;
  virtual Answer write(const std::string& key, const std::string& value) = 0;
  // Sets `key` to `desired` if it holds `expected` (nothing: if it does not exist), in one step.
  virtual Answer cas(const std::string& key, const history::Value& expected,
                     const std::string& desired) = 0;
  // Puts `piece` behind what `key` holds, in one step; where that is nothing, it makes the key. If
  // the system has no such operation (Capabilities::append), it is made of read() and cas().
  virtual Answer append(const std::string& key, const std::string& piece);

  // Whether connect() to another node costs next to nothing, so that one client can ask them in
  // turn. Else a connection is opened.
  virtual bool changes_nodes() const { return false; }

  virtual void close() = 0;
};

}  // namespace check::cluster
