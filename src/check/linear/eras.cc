// SPDX-License-Identifier: Apache-2.0
#include "check/linear/eras.h"

#include <utility>

#include "check/linear/words.h"

namespace check::linear {

namespace {

using history::Operation;

Violation two_cas(const Operation& one, const Operation& other, Position first, Position second) {
  Violation violation;
  violation.known_at = std::max(call_of(one), call_of(other));
  violation.sentence = did(one) + " and " + did(other) + ", but " + quoted(one.expected) +
                       " was written once and can be swapped only once";
  if (!one.expected) {
    violation.sentence =
        did(one) + " and " + did(other) + ", but the key can be made out of nothing only once";
  }
  violation.proof = {first, second};
  return violation;
}

}  // namespace

ErasOrViolation gather_eras(const KeyHistory& key, const Facts& facts) {
  ErasOrViolation result;
  Eras& eras = result.eras;
  eras.resize(facts.value_count);
  std::vector<Position> swapped_by(facts.value_count, kNobody);
  for (const Facts::Writing& writing : facts.writings) {
    Era& era = eras[writing.after];
    era.writer = writing.operation;
    era.before = writing.before;
    if (writing.before == kNoValue) continue;
    Position& swapper = swapped_by[writing.before];
    if (swapper == kNobody) {
      swapper = writing.operation;
      eras[writing.before].after = writing.after;
      continue;
    }
    Violation violation =
        two_cas(key.all[swapper], key.all[writing.operation], swapper, writing.operation);
    const bool earlier = !result.violation || violation.known_at < result.violation->known_at;
    if (earlier) result.violation = std::move(violation);
  }
  for (const Facts::Reading& reading : facts.readings) {
    Era& era = eras[reading.seen];
    const Operation& operation = key.all[reading.operation];
    if (era.first_back == kNobody || return_of(operation) < return_of(key.all[era.first_back])) {
      era.first_back = reading.operation;
    }
    if (era.last_called == kNobody || call_of(operation) > call_of(key.all[era.last_called])) {
      era.last_called = reading.operation;
    }
  }
  return result;
}

}  // namespace check::linear
