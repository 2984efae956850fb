// SPDX-License-Identifier: Apache-2.0
// Other bytes for frames of etcd.
#pragma once

#include <string>
#include <string_view>

#include "check/wire/decoder.h"
#include "check/wire/etcd_frame.h"

namespace check::wire {

// The data of a 02 frame that says what `append` does, of which `data` is the 01 frame.
std::string etcd_full_append(const Message& append, std::string_view data);

// Frames of link heartbeats for the stream with this head: `size` bytes, or a little more where no
// frame is that small. Requires: size > 0.
std::string etcd_link_heartbeat(EtcdKind head, std::size_t size);

// A posted message or a snapshot as a message of a type that etcd ignores (posted: answers with
// 204) or refuses (snapshot: with 400) when it comes from another member; the size is the same.
std::string etcd_neutral(const Frame& frame);

}  // namespace check::wire
