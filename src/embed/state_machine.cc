// SPDX-License-Identifier: Apache-2.0
#include <seaworthy/raft/state_machine.h>

#include <utility>

namespace seaworthy {
inline namespace v0 {

std::unique_ptr<Snapshot> StateMachine::snapshot() { return nullptr; }
std::unique_ptr<Restore> StateMachine::restore() { return nullptr; }

namespace {

class WholeSnapshot final : public Snapshot {
 public:
  explicit WholeSnapshot(std::string state) : state_(std::move(state)) {}
  std::string next(std::size_t about_bytes) override {
    std::string piece = state_.substr(begin_, about_bytes);
    begin_ += piece.size();
    return piece;
  }

 private:
  std::string state_;
  std::size_t begin_ = 0;
};

class WholeRestore final : public Restore {
 public:
  explicit WholeRestore(std::function<bool(std::string)> take) : take_(std::move(take)) {}
  bool add(std::string_view bytes) override {
    state_.append(bytes);
    return true;
  }
  bool finish() override { return take_(std::move(state_)); }

 private:
  std::function<bool(std::string)> take_;
  std::string state_;
};

}  // namespace

std::unique_ptr<Snapshot> whole_snapshot(std::string state) {
  return std::make_unique<WholeSnapshot>(std::move(state));
}

std::unique_ptr<Restore> whole_restore(std::function<bool(std::string)> take) {
  return std::make_unique<WholeRestore>(std::move(take));
}

}  // namespace v0
}  // namespace seaworthy
