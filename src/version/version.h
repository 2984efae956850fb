// SPDX-License-Identifier: Apache-2.0
// Which Seaworthy this is. A module of its own so that a new commit relinks only the programs.
#pragma once

namespace version {

const char* number();  // "0.1.0", from the file VERSION.
// The commit it was built from, "1a2b3c4d5e6f", with "-dirty" if files differed from it. Empty if
// that is not known: built from an archive that says nothing.
const char* commit();
const char* text();  // "0.1.0 (1a2b3c4d5e6f)", or the number alone.

}  // namespace version
