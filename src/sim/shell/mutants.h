// SPDX-License-Identifier: Apache-2.0
// --mutant and --list-mutants, in the preset `mutants` alone (mutant/mutant.h).
#pragma once

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}  // namespace CLI

namespace sim::shell {

#ifdef SEAWORTHY_MUTANTS
void add_mutant_options(CLI::App& app);
#else
inline void add_mutant_options(CLI::App& /*app*/) {}
#endif

}  // namespace sim::shell
