// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/raft_client.h"

#include <utility>

#include "check/cluster/answers.h"

namespace check::cluster {

namespace {

// Others may be faster, again and again; each time this is known for certain.
constexpr int kTries = 8;

bool tells_content(const Answer& answer) {
  return answer.outcome == history::Outcome::Ok || answer.found_known;
}

}  // namespace

Answer RaftClient::append(const std::string& key, const std::string& piece) {
  Answer newest = read(key);
  for (int tries = 0; tries < kTries && tells_content(newest); ++tries) {
    Answer swapped = cas(key, newest.found, newest.found.value_or("") + piece);
    if (swapped.outcome != history::Outcome::Fail) {
      return {swapped.outcome, std::nullopt, false, std::move(swapped.note)};
    }
    newest = swapped.found_known ? std::move(swapped) : read(key);
  }
  return certainly_not(tells_content(newest) ? "others were faster each time"
                                             : std::move(newest.note));
}

}  // namespace check::cluster
