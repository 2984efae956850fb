// SPDX-License-Identifier: Apache-2.0
// Values to bytes: appends one frame to `out`, after whatever lies there. Many frames make one
// write.
//
// Requires: the frame stays below 4 GiB; the entries of an AppendEntries follow `previous` without
// a gap. The receiver has a limit of its own (Limits::frame_bytes): stay below it, too.
#pragma once

#include <string>

#include "codec/frame.h"

namespace codec {

void encode(const Address& address, const Hello& hello, std::string& out);
void encode(const Address& address, const raft::Message& message, std::string& out);
void encode(const Address& address, const Forward& forward, std::string& out);
void encode(const Address& address, const ForwardReply& reply, std::string& out);

}  // namespace codec
