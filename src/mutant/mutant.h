// SPDX-License-Identifier: Apache-2.0
// MUTANT(Name), at the one place in our Raft where the mutant Name makes it wrong.
//
//   if (stored > log_.commit() && (of_own_term || MUTANT(CommitsOldTermsByCounting))) ...
//
// Everywhere but in the preset `mutants` it is the constant false: no code, no symbol, no text
// (lint.mutants). There, it is true while that mutant is switched on. catalogue.def lists all of
// them; tests/mutants/README.md says how to add one. Not inside a CHECK: that would keep its text.
#pragma once

#ifdef SEAWORTHY_MUTANTS
#include "mutant/switch.h"
#define MUTANT(name) (::mutant::active == ::mutant::Id::name)
#else
#define MUTANT(name) false
#endif
