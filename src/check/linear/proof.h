// SPDX-License-Identifier: Apache-2.0
// Turns what the zones found into the few operations that prove it, and into a sentence. Internal
// to linear.
#pragma once

#include "check/linear/eras.h"
#include "check/linear/facts.h"
#include "check/linear/violation.h"

namespace check::linear {

// An operation as a member of an era.
struct Member {
  Position operation = kNobody;
  ValueId value = kNoValue;
};

// Eras connected by cas, seen from outside: only its earliest return and latest call matter. The
// block of value 0 was there before everything.
struct Block {
  ValueId root = 0;
  Member first_back;
  Member last_called;
};

// `early` had returned before `late` was called, but the era of `late` comes first in their block
// (or it is the same era, and `late` its writer).
struct OutOfOrder {
  Member early;
  Member late;
};

// Each of the blocks has an operation that had returned before one of the other's was called.
struct NoOrder {
  Block one;
  Block other;
};

// A value that cas alone lead to, and no write.
struct Rootless {
  ValueId value = kNoValue;
};

// What a proof is made from.
struct Scene {
  const KeyHistory& key;
  const Facts& facts;
  const Eras& eras;
};

// What an unknown operation of the proof proves, it proves because somebody saw its value: adds
// who.
void add_observers(const Scene& scene, Violation& violation);

Violation prove(const Scene& scene, const OutOfOrder& conflict);
Violation prove(const Scene& scene, const NoOrder& conflict);
Violation prove(const Scene& scene, const Rootless& conflict);

}  // namespace check::linear
