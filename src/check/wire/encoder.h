// SPDX-License-Identifier: Apache-2.0
// What a receiver is given, one direction of one connection at a time, when messages are dropped,
// delayed, repeated, put in another order, altered or answered in their place.
//
// Some protocols write a message relative to the one before it. Their encoders know what the
// receiver has been given, and write the next message so that it means what its sender meant.
// As long as every frame goes through forward() in its turn, the bytes come out unchanged; of a
// connection of which every byte was seen.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/wire/decoder.h"

namespace check::wire {

// What may be done to a message without breaking its stream.
enum class Deed : std::uint8_t { Drop, Delay, Duplicate, Reorder, Corrupt, Alter, Answer };

class Encoder {
 public:
  virtual ~Encoder() = default;

  // The frame's turn has come and it is handed on; or what altered() made of it is, in its place.
  virtual std::string forward(const Frame& frame) = 0;
  // The frame's turn has come and it is left out, for good or until out_of_turn().
  // Requires: supports() said so, of this frame.
  virtual std::string leave_out(const Frame& frame) = 0;
  // A frame that has had its turn, once more or at last; between two frames.
  virtual std::string out_of_turn(const Frame& frame) = 0;
};

std::unique_ptr<Encoder> make_encoder(Protocol protocol, Direction direction);

// Whether a message that waits (Deed::Delay) must keep all that comes behind it in its direction
// waiting, too: the receiver answers in the order in which it is asked, and nothing else says which
// answer belongs to which request.
bool waits_in_line(Protocol protocol);

// Whether nodes of this protocol say such a thing at all.
bool speaks(Protocol protocol, MessageType type);

// Whether the deed can be done to messages of this type; the error says why not.
base::Status supports(Protocol protocol, Deed deed, MessageType type);

// Whether it can be done to this very frame: the same type of message may take another way, on
// which less is possible (etcd posts what it has no stream for).
base::Status supports(Protocol protocol, Deed deed, const Frame& frame);

// The frame with one field of its message changed (term, commit, prev_index, prev_term, success,
// match, last_index, last_term), or an error that says which fields can be.
base::Result<Frame> altered(Protocol protocol, const Frame& frame, std::string_view field,
                            std::uint64_t value);

// A refusal in the receiver's name of the request in `frame`, to be given to its sender.
base::Result<Frame> refusal(Protocol protocol, const Frame& frame);

std::string_view name(Deed deed);  // "drop"

}  // namespace check::wire
