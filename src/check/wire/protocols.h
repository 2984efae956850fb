// SPDX-License-Identifier: Apache-2.0
// What each protocol gives to decoder.h and encoder.h; only decoder.cc and encoder.cc, which choose
// among the protocols, and the protocols' own files include this.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "check/wire/decoder.h"
#include "check/wire/encoder.h"

namespace check::wire {

// For protocols whose messages stand for themselves: a frame is its bytes, in whatever order.
class PlainEncoder final : public Encoder {
 public:
  std::string forward(const Frame& frame) override { return frame.bytes; }
  std::string leave_out(const Frame&) override { return {}; }
  std::string out_of_turn(const Frame& frame) override { return frame.bytes; }
};

// raftkv: docs/formats/peer-protocol.md.
std::unique_ptr<Decoder> make_raftkv_decoder(const ConnectionStart& start);
base::Status raftkv_supports(Deed deed, MessageType type);
base::Result<Frame> raftkv_altered(const Frame& frame, std::string_view field, std::uint64_t value);
base::Result<Frame> raftkv_refusal(const Frame& frame);

// hashicorp/raft: docs/formats/wire-hashicorp.md.
std::unique_ptr<Decoder> make_hashicorp_decoder(const ConnectionStart& start);
std::unique_ptr<Encoder> make_hashicorp_encoder(Direction direction);
base::Status hashicorp_supports(Deed deed, MessageType type);
base::Result<Frame> hashicorp_altered(const Frame& frame, std::string_view field,
                                      std::uint64_t value);
base::Result<Frame> hashicorp_refusal(const Frame& frame);

// libraft: docs/formats/wire-libraft.md.
std::unique_ptr<Decoder> make_libraft_decoder(const ConnectionStart& start);
base::Status libraft_supports(Deed deed, MessageType type);
base::Result<Frame> libraft_altered(const Frame& frame, std::string_view field,
                                    std::uint64_t value);
base::Result<Frame> libraft_refusal(const Frame& frame);

// PySyncObj: docs/formats/wire-pysyncobj.md.
std::unique_ptr<Decoder> make_pysyncobj_decoder(const ConnectionStart& start);
base::Status pysyncobj_supports(Deed deed, MessageType type);
base::Result<Frame> pysyncobj_altered(const Frame& frame, std::string_view field,
                                      std::uint64_t value);
base::Result<Frame> pysyncobj_refusal(const Frame& frame);

// OVSDB: docs/formats/wire-ovsdb.md.
std::unique_ptr<Decoder> make_ovsdb_decoder(const ConnectionStart& start);
base::Status ovsdb_supports(Deed deed, MessageType type);
base::Result<Frame> ovsdb_altered(const Frame& frame, std::string_view field, std::uint64_t value);
base::Result<Frame> ovsdb_refusal(const Frame& frame);

// NATS: docs/formats/wire-nats.md.
std::unique_ptr<Decoder> make_nats_decoder(const ConnectionStart& start);
base::Status nats_supports(Deed deed, MessageType type);
base::Result<Frame> nats_altered(const Frame& frame, std::string_view field, std::uint64_t value);
base::Result<Frame> nats_refusal(const Frame& frame);

// etcd: docs/formats/wire-etcd.md.
std::unique_ptr<Decoder> make_etcd_decoder(const ConnectionStart& start);
std::unique_ptr<Encoder> make_etcd_encoder();
base::Status etcd_supports(Deed deed, MessageType type);
// Of a frame with a message, what its type does not say already.
base::Status etcd_supports(Deed deed, const Frame& frame);
base::Result<Frame> etcd_altered(const Frame& frame, std::string_view field, std::uint64_t value);
base::Result<Frame> etcd_refusal(const Frame& frame);

}  // namespace check::wire
