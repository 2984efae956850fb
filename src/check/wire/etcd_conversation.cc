// SPDX-License-Identifier: Apache-2.0
#include "check/wire/etcd_conversation.h"

#include <string>
#include <utility>

namespace check::wire {
namespace {

constexpr std::size_t kMostAsked = 64;
constexpr std::string_view kMsgApp = "/raft/stream/msgapp/";
constexpr std::string_view kMessages = "/raft/stream/message/";

base::Error strange(std::string_view what) {
  return {base::ErrorCode::InvalidArgument, "etcd: " + std::string(what)};
}

// Of whoever wrote the head.
EtcdSender sender_of(std::string_view head) {
  const std::string_view version = http_field(head, "x-server-version").value_or("");
  return {version.starts_with("3.4.") || version.starts_with("3.3.")};
}

}  // namespace

base::Result<EtcdPart> EtcdConversation::request(std::string_view head) {
  TRY(const HttpRequest request, parse_request(head));
  Asked asked;
  asked.head = request.method == "HEAD";
  const bool append = request.path.starts_with(kMsgApp);
  if (request.method == "GET" && (append || request.path.starts_with(kMessages))) {
    asked.holds = append ? EtcdBody::MsgApp : EtcdBody::Messages;
    asked.stream.receiver = request.path.substr(append ? kMsgApp.size() : kMessages.size());
    asked.stream.sender = http_field(head, "x-raft-to").value_or("");
  }
  if (!responses_ended_) {
    if (asked_.size() == kMostAsked) return strange("more than 64 requests without a response");
    asked_.push_back(std::move(asked));
  }

  EtcdPart part;
  part.body = request.body;
  part.stream.from = sender_of(head);
  if (request.method != "POST") return part;
  const bool chunked = request.body.kind == HttpBody::Kind::Chunked;
  if (request.path == "/raft/snapshot" && chunked) part.holds = EtcdBody::Snapshot;
  if (request.path == "/raft") {
    if (chunked) return strange("a message posted in chunks");
    part.head = EtcdKind::Posted;
  }
  return part;
}

base::Result<EtcdPart> EtcdConversation::response(std::string_view head) {
  if (asked_.empty()) return strange("a response to no request");
  TRY(const HttpResponse response, parse_response(head, asked_.front().head));
  if (response.status == 101) return strange("a change of protocol");
  EtcdPart part;
  part.body = response.body;
  if (response.status < 200) return part;  // There is another response to come.
  Asked asked = std::move(asked_.front());
  asked_.pop_front();
  if (asked.holds == EtcdBody::Pieces || response.status != 200) return part;
  if (response.body.kind != HttpBody::Kind::Chunked) return strange("a stream without chunks");
  part.head = asked.holds == EtcdBody::MsgApp ? EtcdKind::MsgAppHead : EtcdKind::MessageHead;
  part.holds = asked.holds;
  part.stream = std::move(asked.stream);
  part.stream.from = sender_of(head);
  return part;
}

void EtcdConversation::end_responses() {
  responses_ended_ = true;
  asked_.clear();
}

}  // namespace check::wire
