// SPDX-License-Identifier: Apache-2.0
#include "check/wire/encoder.h"

#include "check/wire/protocols.h"

namespace check::wire {

std::string_view name(Deed deed) {
  switch (deed) {
    case Deed::Drop:
      return "drop";
    case Deed::Delay:
      return "delay";
    case Deed::Duplicate:
      return "duplicate";
    case Deed::Reorder:
      return "reorder";
    case Deed::Corrupt:
      return "corrupt";
    case Deed::Alter:
      return "alter";
    case Deed::Answer:
      break;
  }
  return "answer";
}

}  // namespace check::wire
