// SPDX-License-Identifier: Apache-2.0
#include "check/wire/http_chunks.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"

namespace check::wire {
namespace {

// Calls visit(begin, size) for each piece of data; returns what the last chunk still owes.
template <class Visit>
std::size_t each_piece(std::string_view chunked, std::size_t left, Visit visit) {
  ChunkReader reader(left);
  std::size_t at = 0;
  while (at < chunked.size() && !reader.ended() && !reader.broken()) {
    std::size_t taken = std::min(reader.left(), chunked.size() - at);
    if (taken > 0) {
      visit(at, taken);
      reader.take_data(taken);
    } else {
      taken = reader.take_framing(chunked.substr(at));
    }
    at += taken;
  }
  return reader.left();
}

}  // namespace

void ChunkReader::take_data(std::size_t count) {
  CHECK(count <= left(), count, left());
  left_ -= count;
  if (left_ == 0) place_ = Place::CrAfterData;
}

std::size_t ChunkReader::take_framing(std::string_view in) {
  std::size_t taken = 0;
  while (taken < in.size() && place_ != Place::Data && !ended() && !broken()) {
    const bool closes = place_ == Place::LfAfterData;
    place_ = after(in[taken++]);
    if (closes) break;
  }
  return taken;
}

ChunkReader::Place ChunkReader::after(char byte) {
  switch (place_) {
    case Place::Size:
      if (byte == '\r' && digits_ > 0) return Place::LfAfterSize;
      return after_digit(byte);
    case Place::LfAfterSize:
      digits_ = 0;
      if (byte != '\n') return Place::Broken;
      return left_ > 0 ? Place::Data : Place::LastCr;
    case Place::CrAfterData:
      return byte == '\r' ? Place::LfAfterData : Place::Broken;
    case Place::LfAfterData:
      return byte == '\n' ? Place::Size : Place::Broken;
    case Place::LastCr:
      return byte == '\r' ? Place::LastLf : Place::Broken;
    case Place::LastLf:
      return byte == '\n' ? Place::End : Place::Broken;
    case Place::Data:
    case Place::End:
    case Place::Broken:
      break;
  }
  return Place::Broken;
}

ChunkReader::Place ChunkReader::after_digit(char byte) {
  constexpr unsigned kMostDigits = 8;
  const bool letter = (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
  if ((!letter && (byte < '0' || byte > '9')) || ++digits_ > kMostDigits) return Place::Broken;
  const auto code = static_cast<unsigned char>(byte);
  left_ = left_ * 16 + (letter ? (code & 7U) + 9U : code & 15U);
  return left_ > kMostData ? Place::Broken : Place::Size;
}

void ChunkWriter::write(std::string_view data, std::string& out) {
  if (owed_ > 0) {
    const std::size_t fills = std::min(owed_, data.size());
    out.append(data.substr(0, fills));
    data.remove_prefix(fills);
    owed_ -= fills;
    if (owed_ == 0) out.append("\r\n");
  }
  if (data.empty()) return;
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16);
  out.append(size.data(), end.ptr);
  out.append("\r\n").append(data).append("\r\n");
}

std::string unchunked(std::string_view chunked, std::size_t left) {
  std::string data;
  each_piece(chunked, left, [&](std::size_t begin, std::size_t size) {
    data.append(chunked.substr(begin, size));
  });
  return data;
}

std::size_t chunked_offset(std::string_view chunked, std::size_t left, std::size_t at) {
  std::size_t found = chunked.size();
  std::size_t before = 0;
  each_piece(chunked, left, [&](std::size_t begin, std::size_t size) {
    if (at >= before && at < before + size) found = begin + (at - before);
    before += size;
  });
  CHECK(found < chunked.size(), found, at);
  return found;
}

std::size_t left_behind(std::string_view chunked, std::size_t left) {
  return each_piece(chunked, left, [](std::size_t, std::size_t) {});
}

}  // namespace check::wire
