// SPDX-License-Identifier: Apache-2.0
#include "check/linear/proof.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "check/linear/words.h"

namespace check::linear {

namespace {

using history::Function;
using history::Operation;

const Operation& at(const Scene& scene, Position position) { return scene.key.all[position]; }

bool before(const Scene& scene, Position early, Position late) {
  return precedes(at(scene, early), at(scene, late));
}

std::string began(const Operation& operation) { return "the " + noun(operation) + " began"; }

// The cas that lead from one era of a block to a later one.
std::vector<Position> cas_between(const Eras& eras, ValueId from, ValueId to) {
  std::vector<Position> chain;
  for (ValueId value = to; value != from; value = eras[value].before) {
    chain.push_back(eras[value].writer);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::string counted_cas(std::size_t count) {
  return count == 1 ? "one cas" : std::to_string(count) + " cas";
}

history::Value value_of(const Scene& scene, ValueId value) {
  const Position writer = scene.eras[value].writer;
  return writer == kNobody ? history::Value() : at(scene, writer).written;
}

Violation read_before_write(const Scene& scene, const OutOfOrder& conflict) {
  const Operation& reading = at(scene, conflict.early.operation);
  const Operation& write = at(scene, conflict.late.operation);
  return {call_of(write),
          did(reading) + " before anybody asked to write it: " + did(write) + ", which began " +
              "after the " + noun(reading) + " had ended",
          {conflict.early.operation, conflict.late.operation}};
}

// One way in which two blocks cannot be ordered: `witness`, of the newer block, lies between
// `first` and `last` of the older one.
struct Stale {
  std::optional<Member> first;  // None: the older value was there from the start.
  Member last;
  Member witness;
};

// The operations of `block` that a person would rather hear of than of its outermost ones.
std::array<Member, 4> speakers(const Scene& scene, const Block& block) {
  const auto writer = [&scene](const Member& member) {
    const ValueId value = member.value == kNoValue ? 0 : member.value;
    return Member{scene.eras[value].writer, value};
  };
  return {writer(block.first_back), writer(block.last_called), block.first_back, block.last_called};
}

// The earliest called reading of the block that began after `operation` returned; else the latest
// called member.
Member first_late_member(const Scene& scene, const Block& block, Position operation) {
  Member chosen = block.last_called;
  for (const Facts::Reading& reading : scene.facts.readings) {
    if (scene.eras[reading.seen].root != block.root) continue;
    const bool late = before(scene, operation, reading.operation);
    const bool sooner =
        call_of(at(scene, reading.operation)) < call_of(at(scene, chosen.operation));
    if (late && sooner) chosen = {reading.operation, reading.seen};
  }
  return chosen;
}

std::optional<Stale> find_stale(const Scene& scene, const Block& older, const Block& newer) {
  if (newer.root == 0) return std::nullopt;
  for (const Member& witness : speakers(scene, newer)) {
    if (witness.operation == kNobody) continue;
    if (!before(scene, witness.operation, older.last_called.operation)) continue;
    const Member last = first_late_member(scene, older, witness.operation);
    if (older.root == 0) return Stale{std::nullopt, last, witness};
    for (const Member& first : speakers(scene, older)) {
      if (first.operation == kNobody) continue;
      if (before(scene, first.operation, witness.operation)) return Stale{first, last, witness};
    }
  }
  return std::nullopt;
}

void add_chain(const Scene& scene, Violation& violation, ValueId one, ValueId other) {
  if (one == other) return;
  if (scene.eras[one].place > scene.eras[other].place) std::swap(one, other);
  const std::vector<Position> chain = cas_between(scene.eras, one, other);
  violation.proof.insert(violation.proof.end(), chain.begin(), chain.end());
  violation.sentence += "; " + quoted(value_of(scene, one)) + " and " +
                        quoted(value_of(scene, other)) + " are connected by " +
                        counted_cas(chain.size()) + ", so that nothing can come between them";
}

Violation prove_stale(const Scene& scene, const Stale& stale) {
  const Operation& last = at(scene, stale.last.operation);
  const Operation& witness = at(scene, stale.witness.operation);
  Violation violation;
  violation.known_at = call_of(last);
  violation.proof = {stale.last.operation, stale.witness.operation};
  violation.sentence = did(last) + " although " + had_done(witness);
  if (witness.function == Function::Read) {
    violation.sentence += " before " + began(last);
  } else {
    violation.sentence += " and that " + noun(witness) + " was acknowledged before " + began(last);
  }
  if (!stale.first) {
    add_chain(scene, violation, 0, stale.last.value);
    return violation;
  }
  violation.proof.push_back(stale.first->operation);
  const Operation& first = at(scene, stale.first->operation);
  violation.sentence +=
      "; " + quoted(value_of(scene, stale.first->value)) + " is the older value: " + did(first) +
      ", before " + (witness.function == Function::Read ? "that read" : "that " + noun(witness)) +
      " began";
  add_chain(scene, violation, stale.first->value, stale.last.value);
  return violation;
}

}  // namespace

void add_observers(const Scene& scene, Violation& violation) {
  std::vector<ValueId> unseen;
  for (const Facts::Writing& writing : scene.facts.writings) {
    if (at(scene, writing.operation).outcome != history::Outcome::Info) continue;
    const auto& proof = violation.proof;
    const bool used = std::find(proof.begin(), proof.end(), writing.operation) != proof.end();
    if (used) unseen.push_back(writing.after);
  }
  while (!unseen.empty()) {
    const Era& era = scene.eras[unseen.back()];
    unseen.pop_back();
    const ValueId next = era.after;
    const Position observer = era.first_back != kNobody ? era.first_back : scene.eras[next].writer;
    const bool told = std::find(violation.proof.begin(), violation.proof.end(), observer) !=
                      violation.proof.end();
    if (told) continue;
    violation.proof.push_back(observer);
    const Operation& writer = at(scene, era.writer);
    violation.sentence += "; the " + noun(writer) + " of event " +
                          std::to_string(telling_event(writer)) + " took effect, since " +
                          did(at(scene, observer));
    if (at(scene, observer).outcome == history::Outcome::Info) unseen.push_back(next);
  }
}

Violation prove(const Scene& scene, const OutOfOrder& conflict) {
  if (conflict.early.value == conflict.late.value) return read_before_write(scene, conflict);
  const Operation& late = at(scene, conflict.late.operation);
  std::vector<Position> chain = cas_between(scene.eras, conflict.late.value, conflict.early.value);
  // The first cas behind late's era that was acknowledged in time says it best.
  const auto told = std::find_if(chain.begin(), chain.end(), [&scene, &conflict](Position cas) {
    return before(scene, cas, conflict.late.operation);
  });
  Violation violation;
  violation.known_at = call_of(late);
  const bool by_cas = told != chain.end();
  const Position early = by_cas ? *told : conflict.early.operation;
  if (by_cas) chain.erase(std::next(told), chain.end());
  violation.sentence = did(late) + " although " + had_done(at(scene, early));
  violation.sentence +=
      by_cas ? " and that cas was acknowledged before " + began(late) : " before " + began(late);
  if (chain.size() > 1 || !by_cas) {
    violation.sentence += "; " + counted_cas(chain.size()) + " led from the one value to the other";
  }
  violation.proof = {conflict.late.operation, early};
  violation.proof.insert(violation.proof.end(), chain.begin(), chain.end());
  return violation;
}

Violation prove(const Scene& scene, const NoOrder& conflict) {
  if (const auto stale = find_stale(scene, conflict.one, conflict.other)) {
    return prove_stale(scene, *stale);
  }
  if (const auto stale = find_stale(scene, conflict.other, conflict.one)) {
    return prove_stale(scene, *stale);
  }
  const Block& one = conflict.one;
  const Block& other = conflict.other;
  const auto text = [&scene](const Member& member) { return did(at(scene, member.operation)); };
  Violation violation;
  violation.known_at = std::max(call_of(at(scene, one.last_called.operation)),
                                call_of(at(scene, other.last_called.operation)));
  violation.sentence = text(one.last_called) + ", which began after " + text(other.first_back) +
                       ", but " + text(other.last_called) + ", which began after " +
                       text(one.first_back) + ": neither " +
                       quoted(value_of(scene, one.last_called.value)) + " nor " +
                       quoted(value_of(scene, other.last_called.value)) + " can have come first";
  violation.proof = {one.last_called.operation, other.first_back.operation,
                     other.last_called.operation, one.first_back.operation};
  add_chain(scene, violation, one.first_back.value, one.last_called.value);
  add_chain(scene, violation, other.first_back.value, other.last_called.value);
  return violation;
}

Violation prove(const Scene& scene, const Rootless& conflict) {
  std::vector<bool> passed(scene.eras.size(), false);
  ValueId value = conflict.value;
  ValueId first = value;
  while (scene.eras[value].writer != kNobody && !passed[value]) {
    passed[value] = true;
    first = value;
    value = scene.eras[value].before;
  }
  Violation violation;
  violation.known_at = call_of(at(scene, scene.eras[conflict.value].writer));
  if (scene.eras[value].writer != kNobody) {
    violation.proof = cas_between(scene.eras, value, first);
    violation.proof.push_back(scene.eras[value].writer);
    violation.sentence =
        did(at(scene, violation.proof.front())) + " and " + did(at(scene, violation.proof.back()));
    if (violation.proof.size() > 2) {
      violation.sentence += " and " + std::to_string(violation.proof.size() - 2) + " more";
    }
    violation.sentence += " each needed what another of them made; no write began it";
    return violation;
  }
  const Operation& origin = at(scene, scene.eras[first].writer);
  violation.proof = {scene.eras[first].writer};
  violation.sentence = did(origin) + ", but nobody ever wrote " + quoted(origin.expected);
  return violation;
}

}  // namespace check::linear
