// SPDX-License-Identifier: Apache-2.0
// Requests and responses of one connection between members of etcd: what follows each head.
#pragma once

#include <deque>
#include <string_view>

#include "base/result.h"
#include "check/wire/etcd_frame.h"
#include "check/wire/http_head.h"

namespace check::wire {

struct EtcdPart {
  EtcdKind head = EtcdKind::Http;  // Of the head's frame; Posted: the body belongs to it.
  HttpBody body = {};
  EtcdBody holds = EtcdBody::Pieces;
  EtcdStream stream = {};  // Who speaks in the body.
};

class EtcdConversation {
 public:
  // An error: this cannot be understood.
  base::Result<EtcdPart> request(std::string_view head);
  base::Result<EtcdPart> response(std::string_view head);
  // Responses are not read any more, so that requests wait for none.
  void end_responses();

 private:
  struct Asked {
    bool head = false;
    EtcdBody holds = EtcdBody::Pieces;
    EtcdStream stream = {};
  };

  std::deque<Asked> asked_;  // Requests that wait for their responses.
  bool responses_ended_ = false;
};

}  // namespace check::wire
