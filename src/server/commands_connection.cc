// SPDX-License-Identifier: Apache-2.0
// Commands that this node answers by itself: about the connection, the server, the commands.
#include <algorithm>
#include <array>
#include <utility>

#include "kv/glob.h"
#include "server/commands.h"

namespace server {
namespace {

// What Redis clients take for the version of the commands.
constexpr std::string_view kRedisVersion = "7.0.0";
constexpr std::size_t kMaxNameBytes = 256;

// One answer, written by `write(ReplyWriter&)`.
template <class Write>
Answered answer(const Call& call, Write write) {
  Answered answered;
  resp::ReplyWriter writer(call.session.version, answered.reply);
  write(writer);
  return answered;
}

Answered ok(const Call& call) {
  return answer(call, [](resp::ReplyWriter& writer) { writer.status("OK"); });
}

Answered bulk(const Call& call, std::string_view bytes) {
  return answer(call, [&](resp::ReplyWriter& writer) { writer.bulk(bytes); });
}

Answered syntax_error(const Call& call) { return error_answer(call, "ERR syntax error"); }

bool is_word(const Call& call, std::size_t at, std::string_view word) {
  return at < call.words.size() && equals_ignoring_case(call.words[at], word);
}

Action ping(const Call& call) {
  if (call.words.size() > 2)
    return error_answer(call, "ERR wrong number of arguments for 'ping' command");
  if (call.words.size() == 2) return bulk(call, call.words[1]);
  return answer(call, [](resp::ReplyWriter& writer) { writer.status("PONG"); });
}

Action echo(const Call& call) { return bulk(call, call.words[1]); }

Action quit(const Call& call) {
  Answered answered = ok(call);
  answered.then_close = true;
  return answered;
}

Action reset(const Call& call) {
  call.session.version = resp::Version::Two;
  call.session.name.clear();
  call.session.redirect = false;
  return answer(call, [](resp::ReplyWriter& writer) { writer.status("RESET"); });
}

Action select(const Call& call) {
  if (call.words[1] == "0") return ok(call);
  return error_answer(call, "ERR DB index is out of range: there is only 0");
}

Action info(const Call& call) { return bulk(call, call.node.info(call.words.subspan(1))); }

bool is_name(std::string_view name) {
  return name.size() <= kMaxNameBytes &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
}

// HELLO [2|3 [AUTH user password] [SETNAME name]]
Action hello(const Call& call) {
  Session& session = call.session;
  resp::Version version = session.version;
  if (call.words.size() > 1) {
    if (call.words[1] != "2" && call.words[1] != "3")
      return error_answer(call, "NOPROTO unsupported protocol version");
    version = call.words[1] == "2" ? resp::Version::Two : resp::Version::Three;
  }
  for (std::size_t i = 2; i < call.words.size(); i += 2) {
    if (is_word(call, i, "AUTH")) return error_answer(call, "ERR there are no passwords here");
    if (!is_word(call, i, "SETNAME") || i + 1 == call.words.size()) return syntax_error(call);
    if (!is_name(call.words[i + 1]))
      return error_answer(call, "ERR Client names cannot contain spaces or special characters");
    session.name = call.words[i + 1];
  }
  session.version = version;
  return answer(call, [&](resp::ReplyWriter& writer) {
    const std::array<std::pair<std::string_view, std::string_view>, 4> facts{
        {{"server", "raftkv"},
         {"version", kRedisVersion},
         {"mode", "standalone"},
         {"role", "master"}}};
    writer.map(facts.size() + 3);
    for (const auto& [name, value] : facts) {
      writer.bulk(name);
      writer.bulk(value);
    }
    writer.bulk("proto");
    writer.integer(static_cast<std::int64_t>(session.version));
    writer.bulk("id");
    writer.integer(session.id);
    writer.bulk("modules");
    writer.array(0);
  });
}

Action client(const Call& call) {
  Session& session = call.session;
  if (is_word(call, 1, "SETNAME") && call.words.size() == 3) {
    if (!is_name(call.words[2]))
      return error_answer(call, "ERR Client names cannot contain spaces or special characters");
    session.name = call.words[2];
    return ok(call);
  }
  if (is_word(call, 1, "SETINFO") && call.words.size() == 4) return ok(call);
  if (is_word(call, 1, "GETNAME") && call.words.size() == 2) {
    return answer(call, [&](resp::ReplyWriter& writer) {
      session.name.empty() ? writer.nil() : writer.bulk(session.name);
    });
  }
  if (is_word(call, 1, "ID") && call.words.size() == 2)
    return answer(call, [&](resp::ReplyWriter& writer) { writer.integer(session.id); });
  if (is_word(call, 1, "REDIRECT") && call.words.size() == 3) {
    if (!is_word(call, 2, "ON") && !is_word(call, 2, "OFF")) return syntax_error(call);
    session.redirect = is_word(call, 2, "ON");
    return ok(call);
  }
  return error_answer(call, "ERR CLIENT knows SETNAME, GETNAME, SETINFO, ID and REDIRECT ON|OFF");
}

// Longer ones match nothing: comparing them would take long.
constexpr std::size_t kMaxSettingPatternBytes = 256;

// CONFIG GET pattern ...
Action config(const Call& call) {
  if (!is_word(call, 1, "GET") || call.words.size() < 3)
    return error_answer(call, "ERR CONFIG knows GET only: options are set when the node starts");
  const auto wanted = [&](std::string_view name) {
    return std::ranges::any_of(call.words.subspan(2), [&](std::string_view word) {
      return word.size() <= kMaxSettingPatternBytes && kv::matches(lower(word), name);
    });
  };
  // What redis-benchmark and libraries ask for before they start.
  std::vector<std::pair<std::string_view, std::string>> settings{
      {"save", ""},
      {"appendonly", "yes"},
      {"appendfsync", "always"},
      {"databases", "1"},
      {"maxclients", std::to_string(call.node.max_clients())}};
  std::erase_if(settings, [&](const auto& setting) { return !wanted(setting.first); });
  return answer(call, [&](resp::ReplyWriter& writer) {
    writer.map(settings.size());
    for (const auto& [name, value] : settings) {
      writer.bulk(name);
      writer.bulk(value);
    }
  });
}

void write_info(const CommandSpec& spec, resp::ReplyWriter& writer) {
  writer.array(6);
  writer.bulk(lower(spec.name));
  writer.integer(spec.arity);
  writer.array(spec.flags.empty() ? 0 : 1);
  if (!spec.flags.empty()) writer.status(spec.flags);
  writer.integer(spec.first_key);
  writer.integer(spec.last_key);
  writer.integer(spec.key_step);
}

void write_docs(const CommandSpec& spec, resp::ReplyWriter& writer) {
  writer.bulk(lower(spec.name));
  writer.map(2);
  writer.bulk("summary");
  writer.bulk(spec.summary);
  writer.bulk("group");
  writer.bulk(spec.first_key > 0 ? "string" : "server");
}

// Those that words 2.. name, null for unknown ones; all if none is named.
std::vector<const CommandSpec*> chosen_commands(const Call& call) {
  if (call.words.size() <= 2) return all_commands();
  std::vector<const CommandSpec*> chosen;
  for (const std::string_view name : call.words.subspan(2)) chosen.push_back(find_command(name));
  return chosen;
}

// COMMAND [COUNT | INFO [name ...] | DOCS [name ...]]
Action command(const Call& call) {
  if (is_word(call, 1, "COUNT") && call.words.size() == 2) {
    return answer(call, [](resp::ReplyWriter& writer) {
      writer.integer(static_cast<std::int64_t>(all_commands().size()));
    });
  }
  if (call.words.size() == 1 || is_word(call, 1, "INFO")) {
    return answer(call, [&](resp::ReplyWriter& writer) {
      const auto chosen = chosen_commands(call);
      writer.array(chosen.size());
      for (const CommandSpec* spec : chosen)
        spec == nullptr ? writer.nil() : write_info(*spec, writer);
    });
  }
  if (!is_word(call, 1, "DOCS"))
    return error_answer(call, "ERR COMMAND knows COUNT, INFO and DOCS");
  return answer(call, [&](resp::ReplyWriter& writer) {
    auto chosen = chosen_commands(call);
    std::erase(chosen, nullptr);
    writer.map(chosen.size());
    for (const CommandSpec* spec : chosen) write_docs(*spec, writer);
  });
}

constexpr std::array kConnectionCommands{
    CommandSpec{"CLIENT", -2, "", 0, 0, 0, "SETNAME, GETNAME, SETINFO, ID, REDIRECT", client},
    CommandSpec{"COMMAND", -1, "", 0, 0, 0, "What commands there are", command},
    CommandSpec{"CONFIG", -2, "", 0, 0, 0, "GET some settings", config},
    CommandSpec{"ECHO", 2, "fast", 0, 0, 0, "Answers its argument", echo},
    CommandSpec{"HELLO", -1, "fast", 0, 0, 0, "Chooses the protocol's version", hello},
    CommandSpec{"INFO", -1, "", 0, 0, 0, "Facts about this node", info},
    CommandSpec{"PING", -1, "fast", 0, 0, 0, "Answers PONG, or its argument", ping},
    CommandSpec{"QUIT", -1, "fast", 0, 0, 0, "Closes the connection", quit},
    CommandSpec{"RESET", 1, "fast", 0, 0, 0, "Forgets HELLO and CLIENT SETNAME", reset},
    CommandSpec{"SELECT", 2, "fast", 0, 0, 0, "Database 0 is the only one", select},
};

}  // namespace

std::span<const CommandSpec> connection_commands() { return kConnectionCommands; }

}  // namespace server
