// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>

#include "check/observe/listeners.h"
#include "check/observe/listing.h"
#include "check/observe/roster.h"
#include "golden/golden.h"

namespace check::observe {
namespace {

std::string describe(const Roster& roster) {
  std::string out;
  for (const KnownNode& node : roster.nodes()) {
    out += 'n' + std::to_string(node.id.value);
    for (const capture::Endpoint& end : node.ends) out += ' ' + capture::text(end);
    for (const std::string& name : node.names) out += ' ' + name;
    out += '\n';
  }
  return out;
}

// What a line says; a word that is missing is empty, `third` an address of this host.
struct Said {
  std::string verb;
  std::string first;
  std::string second;
  std::string third = "127.0.0.1";
  std::optional<capture::Endpoint> end;  // `first`, when it is one.
};

Said said(const std::string& line) {
  Said out;
  std::istringstream words(line);
  words >> out.verb >> out.first >> out.second;
  if (std::string third; words >> third) out.third = third;
  out.end = capture::parse_endpoint(out.first);
  return out;
}

bool tell(Roster& roster, const Said& said) {
  if (said.verb == "fix") {
    said.end ? roster.fix(*said.end) : roster.fix(*capture::parse_address(said.first));
  } else if (said.verb == "accepts") {
    roster.accepts(*said.end);
  } else if (said.verb == "called") {
    roster.is_called(*said.end, said.second);
  } else if (said.verb == "dials") {
    roster.dials(said.first, std::stoull(said.second), *capture::parse_address(said.third));
  } else if (said.verb == "number") {
    roster.number();
  } else {
    return false;
  }
  return true;
}

NodeId ask(Roster& roster, const Said& said) {
  if (said.verb == "at") return roster.node_at(*said.end);
  if (said.verb == "named") return roster.node_called(said.first);
  if (said.verb == "dialling") return roster.node_dialing(std::stoull(said.first));
  return roster.node_from(*capture::parse_address(said.first));
}

// `fix END|ADDRESS`, `accepts END`, `called END NAME`, `dials NAME CONNECTION [ADDRESS]`, `number`;
// and what is asked: `at END`, `named NAME`, `dialling CONNECTION`, `from ADDRESS`.
TEST(Roster, BringsEndsAndNamesTogether) {
  golden::run_blocks(TESTDATA "/roster.txt", [](const golden::Block& block) {
    Roster roster;
    std::string out;
    for (const std::string& line : block) {
      const Said words = said(line);
      if (tell(roster, words)) continue;
      out += line + ": " + std::to_string(ask(roster, words).value) + '\n';
    }
    out += describe(roster);
    return out.substr(0, out.size() - 1);
  });
}

TEST(Listeners, TellAnotherProgramFromOneThatWasOnlyBusy) {
  const capture::Endpoint end{capture::ipv4(1), 7000};
  Listeners listeners;
  listeners.refused(end);  // It was not up yet.
  EXPECT_FALSE(listeners.stands(end));
  EXPECT_FALSE(listeners.stands(end));
  listeners.refused(end);  // Not its end: connections stand.
  listeners.ended(end);
  EXPECT_FALSE(listeners.stands(end));
  listeners.ended(end);
  listeners.ended(end);
  EXPECT_FALSE(listeners.stands(end));  // Nothing was refused meanwhile.
  listeners.ended(end);
  listeners.refused(end);
  EXPECT_TRUE(listeners.stands(end));
  EXPECT_FALSE(listeners.stands(end));
}

TEST(Listing, HasEachMemberThatAMessageHas) {
  wire::Observation observation;
  observation.time_ns = 12'345'678'901;
  observation.connection = 3;
  observation.from = NodeId{1};
  wire::Message& message = observation.message;
  message.type = wire::MessageType::AppendEntries;
  message.name = "MsgApp";
  message.group = "g";
  message.term = wire::Term(2);
  message.term_entered = false;
  message.prev_index = wire::Index(5);
  for (std::uint64_t i = 6; i < 20; ++i) {
    message.entries.push_back({wire::Index(i), wire::Term(2)});
  }
  message.entries[1].kind = wire::EntryKind::Noop;
  message.commit = wire::Index(4);
  message.success = false;
  message.match = wire::Index(7);
  message.last_index = wire::Index(8);
  message.last_term = wire::Term(1);
  message.transfer = true;
  message.context = 9;
  observation.action = "drop";
  std::string line;
  append_listing(line, observation);
  EXPECT_EQ(line,
            "  12.345678 c3   n1>?  AppendEntries/MsgApp group=g term=2 (not entered) prev=5/? "
            "entries=[6/2 7/2:noop 8/2 9/2 10/2 11/2 12/2 13/2 ... 19/2] commit=4 no match=7 "
            "last=8/1 transfer context=9 -> drop\n");
}

}  // namespace
}  // namespace check::observe
