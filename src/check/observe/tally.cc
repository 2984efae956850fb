// SPDX-License-Identifier: Apache-2.0
#include "check/observe/tally.h"

#include <algorithm>

namespace check::observe {
namespace {

bool speaks_as_leader(const wire::Message& message) {
  return message.type == wire::MessageType::AppendEntries ||
         message.type == wire::MessageType::Heartbeat ||
         message.type == wire::MessageType::InstallSnapshot ||
         message.type == wire::MessageType::TimeoutNow;
}

void add(Talk& talk, const Conversation& conversation) {
  talk.connections += 1;
  bool troubled = false;
  for (const Direction& way : conversation.directions) {
    talk.bytes += way.bytes;
    talk.lost += way.lost;
    troubled = troubled || way.lost > 0 || way.opaque;
  }
  if (!troubled) return;
  if (talk.troubled.size() < Tally::kMostTold) {
    talk.troubled.push_back(conversation);
  } else {
    talk.untold += 1;
  }
}

void add(Talk& talk, const Talk& more) {
  talk.connections += more.connections;
  talk.bytes += more.bytes;
  talk.lost += more.lost;
  talk.untold += more.untold;
  for (const Conversation& conversation : more.troubled) {
    if (talk.troubled.size() < Tally::kMostTold) {
      talk.troubled.push_back(conversation);
    } else {
      talk.untold += 1;
    }
  }
}

}  // namespace

void Tally::seen(const wire::Observation& observation) {
  messages_ += 1;
  const wire::Message& message = observation.message;
  links_[{observation.from, observation.to}][static_cast<std::size_t>(message.type)] += 1;
  if (!speaks_as_leader(message) || !message.term || !message.term_entered) return;
  const ReignKey key = {message.group, {*message.term, observation.from}};
  auto reign = reigns_.find(key);
  if (reign == reigns_.end()) {
    if (reigns_.size() == kMostReigns) {
      untold_reigns_ += 1;
      return;
    }
    reign = reigns_
                .emplace(key, Reign{message.group, *message.term, observation.from,
                                    observation.time_ns, observation.time_ns, 0})
                .first;
  }
  reign->second.last_ns = observation.time_ns;
  reign->second.messages += 1;
}

void Tally::restarted(NodeId node, std::uint64_t time_ns) {
  if (restarts_.size() < kMostTold) restarts_.emplace_back(node, time_ns);
}

void Tally::ended(const Conversation& conversation) {
  const capture::Endpoint& end = conversation.opening.acceptor;
  if (conversation.messages() > 0) {
    ends_.insert(end);
    add(spoken_, conversation);
  } else if (ends_.contains(end)) {
    add(spoken_, conversation);
  } else if (silent_.size() < kMostTold || silent_.contains(end)) {
    add(silent_[end], conversation);
  } else {
    add(foreign_, conversation);
  }
}

void Tally::finish() {
  for (auto& [end, talk] : silent_) add(ends_.contains(end) ? spoken_ : foreign_, talk);
  silent_.clear();
  for (const Conversation& conversation : foreign_.troubled) {
    for (const Direction& way : conversation.directions) {
      if (way.opaque) reasons_[*way.opaque] += 1;
    }
  }
}

std::vector<Reign> Tally::reigns() const {
  std::vector<Reign> reigns;
  for (const auto& [key, reign] : reigns_) reigns.push_back(reign);
  std::ranges::stable_sort(reigns, {}, &Reign::first_ns);
  return reigns;
}

}  // namespace check::observe
