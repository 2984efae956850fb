// SPDX-License-Identifier: Apache-2.0
// A new cluster made of what one node had, when the majority of the old one is lost for good.
//
//   survivor's directory --read()--> Data --rebuild()--> new directory: one snapshot, one voter
//
// The new cluster has another name. So its number, which stands in every file and every message,
// is another, too: no node of the old one can take part, whatever its log says, and no file of the
// old one is taken for one of the new. The survivor's directory is not changed.
#pragma once

#include <string>

#include "journal/journal.h"
#include "offline/data.h"

namespace offline {

struct NewCluster {
  std::string directory;  // New, or empty.
  std::uint64_t cluster = 0;
  raft::Member self;  // Its only voter.
  journal::Kind kind = journal::Kind::Segments;
};

// Writes the state of `data`, with its sessions, as the beginning of the new cluster. It goes on
// at the same index, in a later term. When it returns, that is durable.
//
// InvalidArgument: the directory holds something; there is nothing in `data`.
base::Status rebuild(const Data& data, const NewCluster& target);

}  // namespace offline
