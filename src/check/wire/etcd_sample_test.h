// SPDX-License-Identifier: Apache-2.0
// Connections of etcd as text, for its tests. Member 1a sends, 2b receives; 2b dials for streams.
//
//   msgapp                              2b asks 1a for a stream of appends, and gets it
//   message                             the same for the other messages
//   < heartbeat                         on a msgapp stream, a link heartbeat
//   < short commit=7 e=8/3/0/xyz        a 01 frame; entries are index/term/type/data
//   < full type=3 term=3 index=7 ...    a 02 frame
//   < streamed type=8 term=3            a frame of a message stream
//   + ...                               a frame in the same chunk as the one before
//   > post type=3 ...                   a message posted by 1a to 2b
//   > snapshot type=7 snap=9/3 db=abc   a snapshot likewise
//   < done                              its answer
//   > 00 "text" 01                      bytes; see streams_test.h
#pragma once

#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "check/wire/etcd_frame.h"
#include "check/wire/http_chunks.h"
#include "check/wire/protobuf_fields.h"
#include "check/wire/streams_test.h"

namespace check::wire::etcd_sample {

inline std::string chunk(std::string_view data) {
  std::string out;
  ChunkWriter().write(data, out);
  return out;
}

inline std::string sized(std::string_view content) {
  std::string out;
  put_etcd_u64(out, content.size());
  out += content;
  return out;
}

inline std::string raftpb_entry(const std::string& text) {  // "8/3/0/xyz"
  std::istringstream in(text);
  std::string index;
  std::string term;
  std::string type;
  std::string data;
  std::getline(in, index, '/');
  std::getline(in, term, '/');
  std::getline(in, type, '/');
  std::getline(in, data);
  std::string out;
  put_protobuf(out, 1, std::stoull(type));
  put_protobuf(out, 2, std::stoull(term));
  put_protobuf(out, 3, std::stoull(index));
  if (!data.empty()) put_protobuf(out, 4, data);
  return out;
}

struct Words {
  std::map<std::string, std::string> values = {{"from", "1a"}, {"to", "2b"}};
  std::vector<std::string> entries = {};

  std::uint64_t number(const std::string& key, int base = 10) const {
    const auto found = values.find(key);
    return found == values.end() ? 0 : std::stoull(found->second, nullptr, base);
  }
};

inline Words words(std::string_view line) {
  Words out;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = word.substr(0, equals);
    if (key == "e") {
      out.entries.push_back(raftpb_entry(word.substr(equals + 1)));
    } else {
      out.values[key] = word.substr(equals + 1);
    }
  }
  return out;
}

// As etcd 3.4 writes it: zeros as well.
inline std::string raftpb(const Words& in) {
  std::string out;
  put_protobuf(out, RaftpbField::kType, in.number("type"));
  put_protobuf(out, RaftpbField::kTo, in.number("to", 16));
  put_protobuf(out, RaftpbField::kFrom, in.number("from", 16));
  put_protobuf(out, RaftpbField::kTerm, in.number("term"));
  put_protobuf(out, RaftpbField::kLogTerm, in.number("log_term"));
  put_protobuf(out, RaftpbField::kIndex, in.number("index"));
  for (const std::string& entry : in.entries) put_protobuf(out, RaftpbField::kEntries, entry);
  put_protobuf(out, RaftpbField::kCommit, in.number("commit"));
  if (in.values.contains("snap")) {
    const std::string& snap = in.values.at("snap");
    std::string metadata;
    put_protobuf(metadata, 1, "conf");
    put_protobuf(metadata, 2, std::stoull(snap));
    put_protobuf(metadata, 3, std::stoull(snap.substr(snap.find('/') + 1)));
    std::string snapshot;
    put_protobuf(snapshot, 1, "data");
    put_protobuf(snapshot, 2, metadata);
    put_protobuf(out, RaftpbField::kSnapshot, snapshot);
  }
  put_protobuf(out, RaftpbField::kReject, in.number("reject"));
  put_protobuf(out, RaftpbField::kRejectHint, in.number("hint"));
  if (in.values.contains("context")) {
    const std::string& context = in.values.at("context");
    put_protobuf(out, RaftpbField::kContext,
                 context[0] == '#' ? unhex(std::string_view(context).substr(1)) : context);
  }
  return out;
}

// The data of a stream's frame.
inline std::string data_of(std::string_view line) {
  const Words in = words(line);
  const std::string_view kind = line.substr(0, line.find(' '));
  if (kind == "heartbeat") return {'\0'};
  if (kind == "full") return '\2' + sized(raftpb(in));
  if (kind == "streamed") return sized(raftpb(in));
  std::string out = "\1";
  put_etcd_u64(out, in.entries.size());
  for (const std::string& entry : in.entries) out += sized(entry);
  put_etcd_u64(out, in.number("commit"));
  return out;
}

inline std::vector<Piece> stream_asked_for(const std::string& name,
                                           const std::string& version = "3.5.0") {
  return {
      {Direction::FromDialer,
       "GET /raft/stream/" + name +
           "/2b HTTP/1.1\r\nHost: 127.0.0.1:2380\r\nUser-Agent: Go-http-client/1.1\r\n"
           "X-Raft-To: 1a\r\nX-Server-From: 2b\r\n\r\n",
       0},
      {Direction::FromAcceptor,
       "HTTP/1.1 200 OK\r\nX-Server-Version: " + version + "\r\nTransfer-Encoding: chunked\r\n\r\n",
       0}};
}

inline std::string post(const std::string& path, const std::string& length) {
  return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:2380\r\n" + length +
         "\r\nX-Server-From: 1a\r\nX-Server-Version: 3.5.0\r\n\r\n";
}

inline Piece posted(std::string_view line) {
  const Words in = words(line);
  const std::string body = raftpb(in);
  if (line.starts_with("post")) {
    const std::string length = "Content-Length: " + std::to_string(body.size());
    return {Direction::FromDialer, post("/raft", length) + body, 0};
  }
  const std::string chunks = chunk(sized(body)) + chunk(in.values.at("db")) + "0\r\n\r\n";
  return {Direction::FromDialer, post("/raft/snapshot", "Transfer-Encoding: chunked") + chunks, 0};
}

inline bool is_streamed(std::string_view line) {
  return line.starts_with("heartbeat") || line.starts_with("full") || line.starts_with("short") ||
         line.starts_with("streamed");
}

inline std::vector<Piece> conversation(const std::vector<std::string>& lines) {
  std::vector<Piece> pieces;
  std::string data;  // Of the chunk that is not written yet.
  const auto flush = [&] {
    if (!data.empty()) pieces.push_back({Direction::FromAcceptor, chunk(data), 0});
    data.clear();
  };
  for (const std::string& line : lines) {
    const std::string_view rest = std::string_view(line).substr(line.find(' ') + 1);
    if (line[0] != '+') flush();
    if (is_streamed(rest)) {
      data += data_of(rest);
    } else if (line.starts_with("msgapp") || line.starts_with("message")) {
      const bool old = line.ends_with(" 3.4");
      for (const Piece& each :
           stream_asked_for(line.substr(0, line.find(' ')), old ? "3.4.23" : "3.5.0")) {
        pieces.push_back(each);
      }
    } else if (rest.starts_with("post") || rest.starts_with("snapshot")) {
      pieces.push_back(posted(rest));
    } else if (rest == "done") {
      pieces.push_back(
          {Direction::FromAcceptor, "HTTP/1.1 204 No Content\r\nX-Etcd-Cluster-Id: 7\r\n\r\n", 0});
    } else {
      pieces.push_back(piece(line));
    }
  }
  flush();
  return pieces;
}

}  // namespace check::wire::etcd_sample
