// SPDX-License-Identifier: Apache-2.0
#include "embed/machine_adapter.h"

#include <string>
#include <utility>

namespace embed {
namespace {

class Pieces final : public machine::Snapshot {
 public:
  explicit Pieces(std::unique_ptr<seaworthy::Snapshot> outside) : outside_(std::move(outside)) {}
  std::string next(std::size_t about_bytes) override { return outside_->next(about_bytes); }

 private:
  std::unique_ptr<seaworthy::Snapshot> outside_;
};

class Intake final : public machine::Restore {
 public:
  explicit Intake(std::unique_ptr<seaworthy::Restore> outside) : outside_(std::move(outside)) {}
  base::Status add(std::string_view bytes) override { return status(outside_->add(bytes)); }
  base::Status finish() override { return status(outside_->finish()); }

 private:
  static base::Status status(bool good) {
    if (good) return base::Done{};
    return base::Error{base::ErrorCode::Corrupt, "the state machine does not take the snapshot"};
  }
  std::unique_ptr<seaworthy::Restore> outside_;
};

}  // namespace

void MachineAdapter::apply(std::span<const raft::Entry> commands,
                           std::vector<machine::Answer>& answers) {
  for (const raft::Entry& entry : commands) {
    const seaworthy::Command command{entry.id.index.value(), entry.id.term.value(), *entry.payload};
    answers.push_back(outside_.apply(command));
  }
}

std::unique_ptr<machine::Snapshot> MachineAdapter::snapshot() {
  std::unique_ptr<seaworthy::Snapshot> outside = outside_.snapshot();
  return outside == nullptr ? nullptr : std::make_unique<Pieces>(std::move(outside));
}

std::unique_ptr<machine::Restore> MachineAdapter::begin_restore() {
  std::unique_ptr<seaworthy::Restore> outside = outside_.restore();
  return outside == nullptr ? nullptr : std::make_unique<Intake>(std::move(outside));
}

}  // namespace embed
