// SPDX-License-Identifier: Apache-2.0
#include "check/observe/listeners.h"

namespace check::observe {

Listeners::State* Listeners::find(const capture::Endpoint& end) {
  const auto found = ends_.find(end);
  if (found != ends_.end()) return &found->second;
  return ends_.size() < kMostEnds ? &ends_[end] : nullptr;
}

void Listeners::refused(const capture::Endpoint& end) {
  State* state = find(end);
  if (state != nullptr && state->known && state->standing == 0) state->gone = true;
}

bool Listeners::stands(const capture::Endpoint& end) {
  State* state = find(end);
  if (state == nullptr) return false;
  const bool anew = state->gone;
  state->standing += 1;
  state->known = true;
  state->gone = false;
  return anew;
}

void Listeners::ended(const capture::Endpoint& end) {
  State* state = find(end);
  if (state != nullptr && state->standing > 0) state->standing -= 1;
}

}  // namespace check::observe
