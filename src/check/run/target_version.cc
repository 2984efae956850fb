// SPDX-License-Identifier: Apache-2.0
#include "check/run/target_version.h"

#include <string>

#include "check/cluster/target.h"

namespace check::run {

namespace {

// Hosts on which nothing can be done.
class Nowhere final : public cluster::Hosts {
 public:
  explicit Nowhere(std::uint32_t nodes) : nodes_(nodes) {}

  std::uint32_t nodes() const override { return nodes_; }
  std::string address(history::NodeId /*node*/) const override { return "127.0.0.1"; }
  std::string name(history::NodeId node) const override { return "n" + std::to_string(node.value); }
  std::string directory(history::NodeId /*node*/) const override { return "/"; }
  base::Status start(history::NodeId /*node*/, const cluster::Command& /*command*/) override {
    return no();
  }
  base::Status stop(history::NodeId /*node*/, std::uint32_t /*grace_ms*/) override { return no(); }
  base::Status kill(history::NodeId /*node*/) override { return no(); }
  bool running(history::NodeId /*node*/) const override { return false; }
  base::Status empty(history::NodeId /*node*/) override { return no(); }

 private:
  static base::Error no() { return {base::ErrorCode::Unavailable, "there is no such host"}; }

  const std::uint32_t nodes_;
};

}  // namespace

base::Result<std::string> target_version(const std::string& target, std::uint32_t nodes,
                                         const cluster::Settings& settings) {
  Nowhere hosts(nodes);
  TRY(const auto made, cluster::make_target(target, hosts, settings));
  return made->version();
}

}  // namespace check::run
