// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding (RFC 9112 §7.1), one direction of one body.
//
//   size CRLF data CRLF  size CRLF data CRLF  ...  0 CRLF CRLF
//
// Chunk extensions and trailers are refused: nobody here sends them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace check::wire {

// Says which bytes are data, as they come. The caller takes data itself and reports it.
class ChunkReader {
 public:
  static constexpr std::size_t kMostData = (std::size_t{1} << 27U) - 1;  // Of one chunk.

  ChunkReader() = default;
  // Begins inside a chunk that has `left` bytes of data to come; 0: before a chunk.
  explicit ChunkReader(std::size_t left)
      : place_(left > 0 ? Place::Data : Place::Size), left_(left) {}

  // Data that must come before anything else.
  std::size_t left() const { return place_ == Place::Data ? left_ : 0; }
  // The last data of a chunk was taken, the line break behind it was not.
  bool closing() const { return place_ == Place::CrAfterData || place_ == Place::LfAfterData; }
  bool ended() const { return place_ == Place::End; }
  bool broken() const { return place_ == Place::Broken; }

  // Requires: count <= left().
  void take_data(std::size_t count);
  // Takes what is not data from the front of `in`: up to where data come, behind the line break
  // that closes a chunk, or to the end of the body. Returns how many bytes those were.
  std::size_t take_framing(std::string_view in);

 private:
  enum class Place : std::uint8_t {
    Size,
    LfAfterSize,
    Data,
    CrAfterData,
    LfAfterData,
    LastCr,
    LastLf,
    End,
    Broken
  };

  Place after(char byte);
  Place after_digit(char byte);

  Place place_ = Place::Size;
  std::size_t left_ = 0;
  unsigned digits_ = 0;
};

// Writes data into chunks. Once a chunk's size is written its data are owed: what is written next
// fills that chunk first.
class ChunkWriter {
 public:
  std::size_t owed() const { return owed_; }
  void owe(std::size_t data) { owed_ = data; }
  void write(std::string_view data, std::string& out);

 private:
  std::size_t owed_ = 0;
};

// Of `chunked`, which begins `left` bytes of data before the end of a chunk (0: before a chunk):
// the data in it,
std::string unchunked(std::string_view chunked, std::size_t left);
// where in it the data's byte `at` is (Requires: it is there),
std::size_t chunked_offset(std::string_view chunked, std::size_t left, std::size_t at);
// and how many bytes of data come behind it in the chunk within which it ends.
std::size_t left_behind(std::string_view chunked, std::size_t left);

}  // namespace check::wire
