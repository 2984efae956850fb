// SPDX-License-Identifier: Apache-2.0
#include "check/run/audit_file.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "check/run/json_complaint.h"

namespace check::run {

namespace {

using Json = nlohmann::ordered_json;
using history::DirectedPair;
using history::NodeId;
using monitor::LinkPicture;
using monitor::Picture;
using sandbox::InterfaceCounters;
using sandbox::PairCounters;

constexpr std::array kOfLink = {
    std::pair{"stream_read", &LinkPicture::stream_read},
    std::pair{"stream_written", &LinkPicture::stream_written},
    std::pair{"stream_discarded", &LinkPicture::stream_discarded},
    std::pair{"stream_waiting", &LinkPicture::stream_waiting},
    std::pair{"stream_left_out", &LinkPicture::stream_left_out},
    std::pair{"stream_invented", &LinkPicture::stream_invented},
    std::pair{"kernel_received", &LinkPicture::kernel_received},
    std::pair{"kernel_unread", &LinkPicture::kernel_unread},
    std::pair{"datagrams", &LinkPicture::datagrams},
    std::pair{"datagram_bytes", &LinkPicture::datagram_bytes},
    std::pair{"datagrams_redirected", &LinkPicture::datagrams_redirected},
    std::pair{"extra_fragments", &LinkPicture::extra_fragments},
};
constexpr std::array kOfHost = {
    std::pair{"sent_packets", &InterfaceCounters::sent_packets},
    std::pair{"sent_bytes", &InterfaceCounters::sent_bytes},
    std::pair{"received_packets", &InterfaceCounters::received_packets},
    std::pair{"received_bytes", &InterfaceCounters::received_bytes},
};
constexpr std::array kOfPair = {
    std::pair{"arrived", &PairCounters::arrived},
    std::pair{"bypassed", &PairCounters::bypassed},
    std::pair{"delivered", &PairCounters::delivered},
};

Json named(DirectedPair pair) { return {{"from", pair.from.value}, {"to", pair.to.value}}; }

DirectedPair pair_of(const Json& json) {
  return {{json.at("from").get<std::uint32_t>()}, {json.at("to").get<std::uint32_t>()}};
}

Picture picture_of(const Json& json) {
  Picture picture;
  picture.all_ports = json.at("all_ports");
  picture.stray_packets = json.at("stray_packets");
  for (const Json& link : json.at("links")) {
    LinkPicture& counts = picture.links[pair_of(link)];
    for (const auto& [name, member] : kOfLink) counts.*member = link.at(name);
  }
  for (const Json& pair : json.at("pairs")) {
    PairCounters& counts = picture.pairs[pair_of(pair)];
    for (const auto& [name, member] : kOfPair) {
      (counts.*member).packets = pair.at(name).at(0);
      (counts.*member).bytes = pair.at(name).at(1);
    }
  }
  for (const Json& host : json.at("hosts")) {
    InterfaceCounters& counts = picture.hosts[NodeId{host.at("node").get<std::uint32_t>()}];
    for (const auto& [name, member] : kOfHost) counts.*member = host.at(name);
  }
  if (const auto captured = json.find("captured"); captured != json.end()) {
    picture.captured.emplace();
    for (const Json& link : *captured) {
      (*picture.captured)[pair_of(link)] = {link.at("packets"), link.at("bytes")};
    }
  }
  return picture;
}

}  // namespace

std::string audit_json(const Picture& picture) {
  Json json = {{"all_ports", picture.all_ports}, {"stray_packets", picture.stray_packets}};
  for (const char* list : {"links", "pairs", "hosts"}) json[list] = Json::array();
  for (const auto& [pair, counts] : picture.links) {
    Json link = named(pair);
    for (const auto& [name, member] : kOfLink) link[name] = counts.*member;
    json["links"].push_back(std::move(link));
  }
  for (const auto& [pair, counts] : picture.pairs) {
    Json entry = named(pair);
    for (const auto& [name, member] : kOfPair) {
      entry[name] = Json::array({(counts.*member).packets, (counts.*member).bytes});
    }
    json["pairs"].push_back(std::move(entry));
  }
  for (const auto& [node, counts] : picture.hosts) {
    Json host = {{"node", node.value}};
    for (const auto& [name, member] : kOfHost) host[name] = counts.*member;
    json["hosts"].push_back(std::move(host));
  }
  if (picture.captured) {
    json["captured"] = Json::array();
    for (const auto& [pair, count] : *picture.captured) {
      Json link = named(pair);
      link["packets"] = count.packets;
      link["bytes"] = count.bytes;
      json["captured"].push_back(std::move(link));
    }
  }
  return json.dump() + '\n';
}

base::Result<Picture> read_audit(const std::string& text, const std::string& file) {
  try {
    return picture_of(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    return json_complaint(file, "the counts of an audit as JSON", error);
  }
}

}  // namespace check::run
