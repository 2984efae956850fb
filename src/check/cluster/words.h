// SPDX-License-Identifier: Apache-2.0
// The words of a command line as a manifest writes them, with names in braces where something is
// to be filled in.
//
//   --id={id}                                   one word: "--id=2"
//   {peers:{name}=http://{address}:2380}        one word: "n1=http://10.77.0.1:2380,n2=..."
//   {others*:{address}:4321}                    alone in its word: one word for each other node
//   {{"json": 1}}                               two braces stand for one
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace check::cluster {

using Names = std::map<std::string, std::string>;  // What "{id}" and its like stand for.

struct Scope {
  Names names;                      // Known everywhere.
  std::vector<Names> nodes;         // Known within {peers:...} and {others:...}, for each node.
  std::optional<std::size_t> self;  // Which of `nodes` this is about: its names are known, too, and
                                    // {others:...} is.
};

// The words that `word` becomes: one, or with `*` any number. An error names the unknown name and
// the known one nearest to it.
base::Result<std::vector<std::string>> expand(std::string_view word, const Scope& scope);
// The same for all of `words`, in order.
base::Result<std::vector<std::string>> expand_all(const std::vector<std::string>& words,
                                                  const Scope& scope);
// For text that is no list: `*` is refused.
base::Result<std::string> expand_text(std::string_view text, const Scope& scope);

}  // namespace check::cluster
