// SPDX-License-Identifier: Apache-2.0
#include "check/wire/encoder.h"

#include "check/wire/protocols.h"

namespace check::wire {

namespace {

base::Error absent(Protocol protocol) {
  return {base::ErrorCode::InvalidArgument,
          "there is no protocol " + std::to_string(static_cast<unsigned>(protocol))};
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(Protocol protocol, Direction direction) {
  switch (protocol) {
    case Protocol::Etcd:
      return make_etcd_encoder();
    case Protocol::Hashicorp:
      return make_hashicorp_encoder(direction);
    case Protocol::Raftkv:
    case Protocol::Ovsdb:
    case Protocol::Nats:
    case Protocol::Pysyncobj:
    case Protocol::Libraft:
      break;
  }
  return std::make_unique<PlainEncoder>();
}

bool waits_in_line(Protocol protocol) { return protocol == Protocol::Hashicorp; }

base::Status supports(Protocol protocol, Deed deed, MessageType type) {
  switch (protocol) {
    case Protocol::Raftkv:
      return raftkv_supports(deed, type);
    case Protocol::Etcd:
      return etcd_supports(deed, type);
    case Protocol::Hashicorp:
      return hashicorp_supports(deed, type);
    case Protocol::Libraft:
      return libraft_supports(deed, type);
    case Protocol::Ovsdb:
      return ovsdb_supports(deed, type);
    case Protocol::Nats:
      return nats_supports(deed, type);
    case Protocol::Pysyncobj:
      return pysyncobj_supports(deed, type);
  }
  return absent(protocol);
}

base::Status supports(Protocol protocol, Deed deed, const Frame& frame) {
  if (!frame.message) {
    return base::Error{base::ErrorCode::InvalidArgument, "these bytes are no message"};
  }
  TRY(const base::Done done, supports(protocol, deed, frame.message->type));
  return protocol == Protocol::Etcd ? etcd_supports(deed, frame) : base::Status(done);
}

base::Result<Frame> altered(Protocol protocol, const Frame& frame, std::string_view field,
                            std::uint64_t value) {
  switch (protocol) {
    case Protocol::Raftkv:
      return raftkv_altered(frame, field, value);
    case Protocol::Etcd:
      return etcd_altered(frame, field, value);
    case Protocol::Hashicorp:
      return hashicorp_altered(frame, field, value);
    case Protocol::Libraft:
      return libraft_altered(frame, field, value);
    case Protocol::Ovsdb:
      return ovsdb_altered(frame, field, value);
    case Protocol::Nats:
      return nats_altered(frame, field, value);
    case Protocol::Pysyncobj:
      return pysyncobj_altered(frame, field, value);
  }
  return absent(protocol);
}

base::Result<Frame> refusal(Protocol protocol, const Frame& frame) {
  switch (protocol) {
    case Protocol::Raftkv:
      return raftkv_refusal(frame);
    case Protocol::Etcd:
      return etcd_refusal(frame);
    case Protocol::Hashicorp:
      return hashicorp_refusal(frame);
    case Protocol::Libraft:
      return libraft_refusal(frame);
    case Protocol::Ovsdb:
      return ovsdb_refusal(frame);
    case Protocol::Nats:
      return nats_refusal(frame);
    case Protocol::Pysyncobj:
      return pysyncobj_refusal(frame);
  }
  return absent(protocol);
}

bool speaks(Protocol protocol, MessageType type) {
  using enum MessageType;
  switch (type) {
    case RequestVote:
    case RequestVoteReply:
    case AppendEntries:
    case AppendReply:
    case Other:
      return true;
    case PreVote:
    case PreVoteReply:
      return protocol != Protocol::Pysyncobj && protocol != Protocol::Nats;
    case InstallSnapshot:
      return true;
    case Heartbeat:
      return protocol != Protocol::Raftkv;
    case HeartbeatReply:
      return protocol == Protocol::Etcd || protocol == Protocol::Hashicorp;
    case SnapshotReply:
      return protocol == Protocol::Hashicorp || protocol == Protocol::Ovsdb ||
             protocol == Protocol::Raftkv;
    case TimeoutNow:
      return protocol != Protocol::Pysyncobj;
    case ReadIndex:
    case ReadIndexReply:
      return protocol == Protocol::Etcd || protocol == Protocol::Raftkv;
    case Propose:
      return protocol != Protocol::Hashicorp && protocol != Protocol::Libraft;
    case ProposeReply:
      return protocol == Protocol::Raftkv || protocol == Protocol::Ovsdb ||
             protocol == Protocol::Pysyncobj;
  }
  return false;
}

std::string_view name(Deed deed) {
  switch (deed) {
    case Deed::Drop:
      return "drop";
    case Deed::Delay:
      return "delay";
    case Deed::Duplicate:
      return "duplicate";
    case Deed::Reorder:
      return "reorder";
    case Deed::Corrupt:
      return "corrupt";
    case Deed::Alter:
      return "alter";
    case Deed::Answer:
      break;
  }
  return "answer";
}

}  // namespace check::wire
