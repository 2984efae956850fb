// SPDX-License-Identifier: Apache-2.0
#include "check/observe/listing.h"

namespace check::observe {
namespace {

constexpr std::size_t kMostEntries = 8;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string node(history::NodeId id) {
  return id.value == 0 ? "?" : 'n' + std::to_string(id.value);
}

// "5/2": index and term.
std::string position(const std::optional<wire::Index>& index,
                     const std::optional<wire::Term>& term) {
  return (index ? std::to_string(index->value()) : "?") + '/' +
         (term ? std::to_string(term->value()) : "?");
}

std::string entries(const std::vector<wire::Entry>& entries) {
  std::string out;
  for (std::size_t i = 0; i < entries.size() && i < kMostEntries; ++i) {
    const wire::Entry& entry = entries[i];
    if (i > 0) out += ' ';
    out += position(entry.index, entry.term);
    if (entry.kind != wire::EntryKind::Command) out += ':' + std::string(name(entry.kind));
  }
  if (entries.size() > kMostEntries) {
    out += " ... " + position(entries.back().index, entries.back().term);
  }
  return out;
}

template <class Ordinal>
void append(std::string& out, const char* word, const std::optional<Ordinal>& value) {
  if (value) out += word + std::to_string(value->value());
}

}  // namespace

std::string seconds(std::uint64_t time_ns) {
  std::string fraction = std::to_string(time_ns / 1000 % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(time_ns / 1'000'000'000) + '.' + fraction;
}

void append_listing(std::string& out, const wire::Observation& observation) {
  const wire::Message& message = observation.message;
  std::string time = seconds(observation.time_ns);
  if (time.size() < 11) time.insert(0, 11 - time.size(), ' ');
  out += time + ' ' + padded('c' + std::to_string(observation.connection), 5) +
         padded(node(observation.from) + '>' + node(observation.to), 6) +
         std::string(name(message.type));
  if (!message.name.empty() && message.name != name(message.type)) {
    out += '/' + std::string(message.name);
  }
  if (!message.group.empty()) out += " group=" + message.group;
  if (message.term) {
    out += " term=" + std::to_string(message.term->value());
    if (!message.term_entered) out += " (not entered)";
  }
  if (message.prev_index || message.prev_term) {
    out += " prev=" + position(message.prev_index, message.prev_term);
  }
  if (!message.entries.empty()) out += " entries=[" + entries(message.entries) + ']';
  append(out, " commit=", message.commit);
  if (message.success) out += *message.success ? " yes" : " no";
  append(out, " match=", message.match);
  if (message.last_index || message.last_term) {
    out += " last=" + position(message.last_index, message.last_term);
  }
  if (message.transfer) out += " transfer";
  if (message.context) out += " context=" + std::to_string(*message.context);
  if (!observation.action.empty()) out += " -> " + observation.action;
  out += '\n';
}

}  // namespace check::observe
