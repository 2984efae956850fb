// SPDX-License-Identifier: Apache-2.0
// A client in any language: a program that reads one JSON object a line and answers each with one.
// The protocol is described in docs/formats/client-shim.md.
//
//   us    {"id":17,"node":2,"f":"cas","key":"x","value":["1","2"],"timeout_ms":900}
//   shim  {"id":17,"type":"fail","found":"3"}
//
// A shim that answers late, wrongly or not at all is ended, and started again for the next request.
// What it needs to start is no part of any request: it is up when it has read a first space.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "check/cluster/child.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/cluster/stream.h"
#include "check/history/operation.h"

namespace check::cluster {

enum class ShimFunction : std::uint8_t { Read, Write, Cas, Append, Status, Add, Remove, Transfer };

struct ShimRequest {
  NodeId node;
  ShimFunction function = ShimFunction::Read;
  std::string key;
  history::Value expected;  // Of a cas.
  std::string written;      // Of a write, a cas or an append.
  NodeId member = {};       // To add, to remove, to hand over to.
};

struct ShimReply {
  history::Outcome outcome = history::Outcome::Info;
  history::Value value;  // Of a read that is Ok.
  history::Value found;  // Of a cas that is Fail, if `found_known`.
  bool found_known = false;
  std::string note;
  NodeStatus status;  // Of a status that is Ok.
};

// The two lines as text; kept apart from the process so that they can be tested alone.
std::string shim_line(std::uint64_t id, const ShimRequest& request,
                      std::chrono::milliseconds timeout);
// An error if `line` is not a whole answer to request `id`.
base::Result<ShimReply> parse_shim_line(std::string_view line, std::uint64_t id,
                                        const ShimRequest& request);

// What became of the starts of a system's shims. For several threads.
class ShimStarts {
 public:
  void failed(const base::Error& error);
  void succeeded();
  // The first start that took too long (Timeout), or else the last one, if it failed.
  std::optional<base::Error> trouble() const;

 private:
  mutable std::mutex mutex_;
  std::optional<base::Error> late_;    // Guarded by mutex_.
  std::optional<base::Error> failed_;  // Likewise.
};

class Shim {
 public:
  // Far more than an interpreter or a virtual machine needs on a busy machine.
  static constexpr std::chrono::milliseconds kStartUp{10'000};

  // `starts` outlives the shim; null: nobody wants to know.
  explicit Shim(Command command, ShimStarts* starts = nullptr,
                std::chrono::milliseconds start_up = kStartUp)
      : command_(std::move(command)), starts_(starts), start_up_(start_up) {}

  // Starts the program if it does not run, and waits until it reads. An error names it.
  base::Status open();
  // Returns within `timeout`, once the shim is open.
  Exchange<ShimReply> ask(const ShimRequest& request, std::chrono::milliseconds timeout);
  void close() { child_.reset(); }

 private:
  base::Status start();
  Exchange<ShimReply> receive(std::uint64_t id, const ShimRequest& request,
                              const Deadline& deadline);
  base::Result<std::string> receive_line(const Deadline& deadline);

  Command command_;
  ShimStarts* starts_;
  std::chrono::milliseconds start_up_;
  std::optional<Child> child_;
  std::uint64_t last_id_ = 0;
};

}  // namespace check::cluster
