// SPDX-License-Identifier: Apache-2.0
#include "raft/effects.h"

namespace raft {

void Effects::clear() {
  step = {};
  save.reset();
  truncate_from.reset();
  install.reset();
  append.clear();
  send_now.clear();
  send_durable.clear();
  apply.clear();
  proposed.reset();
  readable.clear();
  unreadable.clear();
  send_chunks.clear();
  stage.reset();
  drop_through.reset();
}

}  // namespace raft
