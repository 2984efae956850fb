// SPDX-License-Identifier: Apache-2.0
// Is there one order of all operations, in which each takes effect at one moment between its call
// and its return, that explains every answer (Herlihy & Wing 1990)?
//
//   operations --by key--> registers whose written values are all different: zones, O(n log n),
//   exact
//                          lists whose elements are all different:          ranks, O(n log n),
//                          exact
//                          anything else:                                   search, exact or
//                          Unknown
//
// Keys are judged one by one, which loses nothing (locality). docs/linear.md has the proofs.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "check/history/operation.h"
#include "check/model/model.h"
#include "check/verdict/finding.h"

namespace check::linear {

struct Options {
  // Null: the model "register".
  const model::Model* model = nullptr;

  // What a failed cas without `found` says. False: only that it took no effect (it may never have
  // been sent). True: also that the value was another than it expected, as in histories that know
  // no other failure; this needs the search.
  bool failed_cas_means_mismatch = false;

  // Of the search's memory of what it has tried. Out of it: Unknown.
  std::size_t memory_bytes = std::size_t{1} << 30U;
};

// Polled often while work goes on; once it says false, the verdict is Unknown unless a violation
// was proven before.
using KeepGoing = std::function<bool()>;

// The opinion named "linear". Invalid comes with a sentence and with the history indexes of the few
// operations that prove it; the operations are those of one run, in any order.
verdict::Finding check(std::span<const history::Operation> operations, const Options& options,
                       const KeepGoing& keep_going);

// The same with an opinion on each key that went wrong, the earliest violation first, then on what
// could not be decided. Of `most` keys (at least 1); the last one says how many more there were.
std::vector<verdict::Finding> check_each(std::span<const history::Operation> operations,
                                         const Options& options, const KeepGoing& keep_going,
                                         std::size_t most);

// The operations that the evidence names, one a line, in the order of their calls:
//   process 4   write k3 "21"         3.050000 s .. 3.100000 s  ok    events 780, 790
std::vector<std::string> explain(std::span<const history::Operation> operations,
                                 std::span<const std::uint64_t> evidence);

}  // namespace check::linear
