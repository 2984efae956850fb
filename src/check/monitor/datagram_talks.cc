// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/datagram_talks.h"

#include <utility>

#include "check/wire/datagram.h"

namespace check::monitor {
namespace {

bool in_order(const Endpoint& from, const Endpoint& to) {
  return std::pair(from.address, from.port) < std::pair(to.address, to.port);
}

}  // namespace

bool DatagramTalks::hear(Link& link, const Endpoint& from, const Endpoint& to,
                         std::string_view bytes) {
  if (!context_.wants(from.port) && !context_.wants(to.port)) return false;
  const auto lives = wire::lives_in(context_.protocol, bytes);
  if (!lives) return false;
  const bool from_low = in_order(from, to);
  const Key key{from_low ? from : to, from_low ? to : from, lives->conversation()};
  Talk* talk = find_or_begin(link, key);
  if (talk == nullptr) return false;
  talk->conversation->hear(from_low ? wire::Direction::FromDialer : wire::Direction::FromAcceptor,
                           bytes, monotonic_ns());
  if (!context_.act) return false;
  carry_out(*talk);
  return true;
}

DatagramTalks::Talk* DatagramTalks::find_or_begin(Link& link, const Key& key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    talks_.splice(talks_.begin(), talks_, found->second);
    return &*found->second;
  }
  const DirectedPair back = {link.pair.to, link.pair.from};
  const bool from_low = links_.find(key.low.address, key.high.address) == &link;
  Link* other = links_.find(back);
  if (other == nullptr) return nullptr;
  if (talks_.size() >= kMostTalks) {
    Talk& oldest = talks_.back();
    oldest.conversation->lose_all();
    by_key_.erase(oldest.key);
    by_number_.erase(oldest.number);
    talks_.pop_back();
  }
  Talk& talk = talks_.emplace_front();
  talk.key = key;
  talk.number = links_.next_number();
  talk.links = {from_low ? &link : other, from_low ? other : &link};
  talk.conversation =
      std::make_unique<Conversation>(context_, Conversation::make_datagram_tools(context_),
                                     Conversation::Of{.connection = talk.number,
                                                      .opened_ns = monotonic_ns(),
                                                      .links = talk.links,
                                                      .datagrams = true});
  by_key_.emplace(key, talks_.begin());
  by_number_.emplace(talk.number, talks_.begin());
  return &talk;
}

void DatagramTalks::settle(std::uint64_t ticket, Settled settled) {
  const auto connection = context_.connection_of.find(ticket);
  if (connection == context_.connection_of.end()) return;
  const auto found = by_number_.find(connection->second);
  if (found == by_number_.end()) return;
  found->second->conversation->settle(ticket, settled, monotonic_ns());
  carry_out(*found->second);
}

void DatagramTalks::carry_out(Talk& talk) {
  const Conversation::Given given = talk.conversation->take_given();
  for (const std::size_t lane : {0U, 1U}) {
    const Endpoint& from = lane == 0 ? talk.key.low : talk.key.high;
    const Endpoint& to = lane == 0 ? talk.key.high : talk.key.low;
    std::size_t begin = 0;
    for (const std::size_t end : given.ends[lane]) {
      emit_(*talk.links[lane], from, to, given.bytes[lane].substr(begin, end - begin));
      begin = end;
    }
  }
  const auto due = talk.conversation->next_due_ns();
  if (!due || talk.timer_ns == *due) return;
  talk.timer_ns = *due;
  loop_.at(*due, [this, number = talk.number] { wake(number); });
}

void DatagramTalks::wake(std::uint64_t number) {
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return;
  found->second->conversation->wake(monotonic_ns());
  carry_out(*found->second);
}

}  // namespace check::monitor
