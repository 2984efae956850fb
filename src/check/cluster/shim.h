// SPDX-License-Identifier: Apache-2.0
// A client in any language: a program that reads one JSON object a line and answers each with one.
// The protocol is described in docs/formats/client-shim.md.
//
//   us    {"id":17,"node":2,"f":"cas","key":"x","value":["1","2"],"timeout_ms":900}
//   shim  {"id":17,"type":"fail","found":"3"}
//
// A shim that answers late, wrongly or not at all is ended, and started again for the next request.
#pragma once

#include <chrono>
#include <cstdint>
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

class Shim {
 public:
  explicit Shim(Command command) : command_(std::move(command)) {}

  // Starts the program if it does not run.
  base::Status open();
  // Returns within `timeout`.
  Exchange<ShimReply> ask(const ShimRequest& request, std::chrono::milliseconds timeout);
  void close() { child_.reset(); }

 private:
  std::optional<Broken> send(std::string_view line, const Deadline& deadline);
  base::Result<std::string> receive_line(const Deadline& deadline);

  Command command_;
  std::optional<Child> child_;
  std::uint64_t last_id_ = 0;
};

}  // namespace check::cluster
