// SPDX-License-Identifier: Apache-2.0
#include "check/linear/zones.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "check/linear/eras.h"
#include "check/linear/proof.h"

namespace check::linear {

namespace {

class Zones {
 public:
  Zones(const KeyHistory& key, const Facts& facts, Eras eras)
      : key_(key), facts_(facts), eras_(std::move(eras)) {}

  std::optional<Violation> judge();

 private:
  using Conflict = std::variant<OutOfOrder, NoOrder, Rootless>;

  void walk(ValueId root);
  void check_place(const Block& before, ValueId value);
  void join(Block& block, ValueId value) const;
  void find_rootless();
  void find_overlaps();
  void find_enclosed();

  // The two ends of a block's zone.
  std::uint64_t first_return(const Block& block) const;
  std::uint64_t last_call(const Block& block) const;

  // Of all conflicts, the one is told whose last operation began first.
  void blame(std::uint64_t known_at, const Conflict& conflict);

  const KeyHistory& key_;
  const Facts& facts_;
  Eras eras_;
  std::vector<Block> forward_;
  std::vector<Block> backward_;
  std::uint64_t known_at_ = kEver;
  std::optional<Conflict> conflict_;
};

std::optional<Violation> Zones::judge() {
  for (ValueId value = 0; value < eras_.size(); ++value) {
    const Era& era = eras_[value];
    const bool blind_write = era.writer != kNobody && era.before == kNoValue;
    if (value == 0 || blind_write) walk(value);
  }
  find_rootless();
  if (!conflict_) {
    find_overlaps();
    find_enclosed();
  }
  if (!conflict_) return std::nullopt;
  const Scene scene{key_, facts_, eras_};
  Violation violation =
      std::visit([&scene](const auto& conflict) { return prove(scene, conflict); }, *conflict_);
  add_observers(scene, violation);
  return violation;
}

std::uint64_t Zones::first_return(const Block& block) const {
  if (block.root == 0) return 0;
  return return_of(key_.all[block.first_back.operation]);
}

std::uint64_t Zones::last_call(const Block& block) const {
  if (block.last_called.operation == kNobody) return 0;
  return call_of(key_.all[block.last_called.operation]);
}

void Zones::walk(ValueId root) {
  Block block;
  block.root = root;
  std::uint32_t place = 0;
  for (ValueId value = root; value != kNoValue; value = eras_[value].after) {
    eras_[value].root = root;
    eras_[value].place = place;
    check_place(block, value);
    join(block, value);
    ++place;
  }
  const bool is_forward = first_return(block) < last_call(block);
  (is_forward ? forward_ : backward_).push_back(block);
}

// Within a block the order is given: nothing of this era may have returned before an operation of
// the eras before it was called, and no reading before the writer was.
void Zones::check_place(const Block& before, ValueId value) {
  const Era& era = eras_[value];
  const auto compare = [this, value](Position early, const Member& late) {
    if (early == kNobody || late.operation == kNobody) return;
    if (!precedes(key_.all[early], key_.all[late.operation])) return;
    blame(call_of(key_.all[late.operation]), OutOfOrder{{early, value}, late});
  };
  compare(era.writer, before.last_called);
  compare(era.first_back, before.last_called);
  compare(era.first_back, {era.writer, value});
}

void Zones::join(Block& block, ValueId value) const {
  const Era& era = eras_[value];
  for (const Position position : {era.writer, era.first_back}) {
    if (position == kNobody) continue;
    const Position known = block.first_back.operation;
    const bool first =
        known == kNobody || return_of(key_.all[position]) < return_of(key_.all[known]);
    if (first) block.first_back = {position, value};
  }
  for (const Position position : {era.writer, era.last_called}) {
    if (position == kNobody) continue;
    const Position known = block.last_called.operation;
    const bool last = known == kNobody || call_of(key_.all[position]) > call_of(key_.all[known]);
    if (last) block.last_called = {position, value};
  }
}

// Values that no walk has reached.
void Zones::find_rootless() {
  for (ValueId value = 1; value < eras_.size(); ++value) {
    const Era& era = eras_[value];
    if (era.root != kNoValue || era.writer == kNobody) continue;
    blame(call_of(key_.all[era.writer]), Rootless{value});
  }
}

void Zones::find_overlaps() {
  std::sort(forward_.begin(), forward_.end(), [this](const Block& left, const Block& right) {
    return first_return(left) < first_return(right);
  });
  const Block* longest = nullptr;
  for (const Block& block : forward_) {
    if (longest != nullptr && first_return(block) < last_call(*longest)) {
      blame(std::max(last_call(block), last_call(*longest)), NoOrder{*longest, block});
    }
    if (longest == nullptr || last_call(block) > last_call(*longest)) longest = &block;
  }
}

void Zones::find_enclosed() {
  for (const Block& block : backward_) {
    // Forward zones are apart, or there is a conflict already: only the last one that begins before
    // this one can go on until behind it.
    const auto behind = std::partition_point(
        forward_.begin(), forward_.end(),
        [this, &block](const Block& zone) { return first_return(zone) < last_call(block); });
    if (behind == forward_.begin()) continue;
    const Block& around = *std::prev(behind);
    if (first_return(block) < last_call(around)) blame(last_call(around), NoOrder{around, block});
  }
}

void Zones::blame(std::uint64_t known_at, const Conflict& conflict) {
  if (conflict_ && known_at_ <= known_at) return;
  known_at_ = known_at;
  conflict_ = conflict;
}

}  // namespace

std::optional<Violation> judge_by_zones(const KeyHistory& key, const Facts& facts) {
  ErasOrViolation gathered = gather_eras(key, facts);
  if (gathered.violation) {
    add_observers({key, facts, gathered.eras}, *gathered.violation);
    return std::move(gathered.violation);
  }
  return Zones(key, facts, std::move(gathered.eras)).judge();
}

}  // namespace check::linear
