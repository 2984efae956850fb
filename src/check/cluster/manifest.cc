// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/manifest.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>

#include "base/text.h"
#include "check/cluster/toml_reader.h"
#include "check/wire/protocol.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 1U << 20U;

// Two nodes that stand for all, to find wrong names before anything is started.
Scope example(const Manifest& manifest, bool of_a_node) {
  const Names one = {{"id", "1"}, {"name", "n1"}, {"address", "10.77.0.1"}, {"data", "/data"}};
  return scope_of(manifest, {one, one}, of_a_node ? std::optional<std::size_t>(0) : std::nullopt);
}

auto expanding_in(const Scope& scope) {
  return [scope](const std::string& word) -> base::Status {
    TRY([[maybe_unused]] const auto words, expand(word, scope));
    return base::Done{};
  };
}

base::Status read_file(const std::string& path, const toml::node& node, Manifest& manifest) {
  const toml::table* table = node.as_table();
  static const toml::table kNone;
  TomlReader reader(path, table == nullptr ? kNone : *table, "node.file");
  if (table == nullptr) reader.fail(node.source(), "'node.file' has to be a list of tables");
  Manifest::File file;
  reader.only({"path", "text"});
  reader.require("path");
  reader.require("text");
  reader.text("path", file.path);
  reader.text("text", file.text);
  reader.check("text", expanding_in(example(manifest, true)));
  reader.check("path", [](const std::string& inside) -> base::Status {
    if (!inside.empty() && fs::path(inside).filename() == inside && inside != "..") {
      return base::Done{};
    }
    return Error{ErrorCode::InvalidArgument,
                 "'node.file.path' has to be the name of a file in the node's directory"};
  });
  manifest.files.push_back(std::move(file));
  return reader.finished();
}

base::Status read_node(const std::string& path, const toml::table& table, Manifest& manifest) {
  TomlReader reader(path, table, "node");
  reader.only({"program", "start", "join", "environment", "file"});
  reader.require("program");
  reader.require("start");
  reader.text("program", manifest.program);
  reader.words("start", manifest.start);
  reader.words("join", manifest.join);
  reader.pairs("environment", manifest.environment);
  const Scope scope = example(manifest, true);
  reader.check("program", expanding_in({{{"adapter", manifest.folder}}, {}, std::nullopt}));
  reader.check("start", expanding_in(scope));
  reader.check("join", expanding_in(scope));
  reader.check("environment", expanding_in(scope));
  TRY([[maybe_unused]] const base::Done done, reader.finished());
  base::Status files = base::Done{};
  reader.each("file", "tables", [&](const toml::node& node) {
    if (files.ok()) files = read_file(path, node, manifest);
  });
  return files.ok() ? reader.finished() : files;
}

base::Status read_ready(const std::string& path, const toml::table& table, Manifest& manifest) {
  TomlReader reader(path, table, "ready");
  reader.only({"tcp", "http", "client"});
  if (table.size() != 1) {
    reader.fail(table.source(), "[ready] has to have one of 'tcp', 'http' and 'client'");
  }
  if (table.contains("tcp")) {
    ReadyByTcp tcp;
    reader.port("tcp", tcp.port);
    manifest.ready = tcp;
  }
  if (table.contains("client")) {
    bool by_client = false;
    reader.flag("client", by_client);
    if (!by_client) reader.fail(table.source(), "'ready.client' can only be true");
    manifest.ready = ReadyByClient{};
  }
  if (const toml::table* child = reader.child("http")) {
    TomlReader http(path, *child, "ready.http");
    ReadyByHttp by;
    http.only({"port", "path"});
    http.require("port");
    http.require("path");
    http.port("port", by.port);
    http.text("path", by.path);
    manifest.ready = by;
    TRY([[maybe_unused]] const base::Done done, http.finished());
  }
  return reader.finished();
}

base::Status read_client(const std::string& path, const toml::table& table, Manifest& manifest) {
  TomlReader reader(path, table, "client");
  reader.only({"shim", "capabilities"});
  reader.require("shim");
  reader.words("shim", manifest.shim);
  reader.check("shim", expanding_in(example(manifest, false)));
  manifest.capabilities = {};
  if (!table.contains("capabilities")) return reader.finished();
  manifest.capabilities = Capabilities{.cas = false, .status = false};
  struct Word {
    const char* word;
    bool Capabilities::*capability;
  };
  static constexpr std::array<Word, 5> kWords = {{{"cas", &Capabilities::cas},
                                                  {"append", &Capabilities::append},
                                                  {"status", &Capabilities::status},
                                                  {"membership", &Capabilities::membership},
                                                  {"transfer", &Capabilities::transfer}}};
  std::vector<std::string> known;
  known.reserve(kWords.size());
  for (const Word& word : kWords) known.emplace_back(word.word);
  reader.each("capabilities", "strings", [&](const toml::node& node) {
    const auto named = node.value_exact<std::string>().value_or("");
    const auto* found =
        std::ranges::find_if(kWords, [&](const Word& word) { return named == word.word; });
    if (found != kWords.end()) {
      manifest.capabilities.*found->capability = true;
    } else {
      reader.fail(node.source(),
                  "unknown capability '" + named + "'" + base::did_you_mean(named, known));
    }
  });
  return reader.finished();
}

// The value that stands under "default" says of what kind the knob is.
std::optional<std::string> read_default(const toml::node& node, KnobKind& kind) {
  if (const auto number = node.value_exact<std::int64_t>(); number && *number >= 0) {
    kind = KnobKind::Number;
    return std::to_string(*number);
  }
  if (const auto flag = node.value_exact<bool>()) {
    kind = KnobKind::Flag;
    return *flag ? "true" : "false";
  }
  kind = KnobKind::Text;
  return node.value_exact<std::string>();
}

// A name that can stand in braces, and that does not stand for anything else.
bool is_free_name(const std::string& name, const Manifest& manifest) {
  static const std::vector<std::string> taken = {"adapter", "program", "nodes", "id",    "name",
                                                 "address", "data",    "peers", "others"};
  const bool plain = std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  return plain && !name.empty() && std::ranges::find(taken, name) == taken.end() &&
         std::ranges::find(manifest.knobs, name, &Knob::name) == manifest.knobs.end();
}

base::Status read_knob(const std::string& path, const toml::node& node, Manifest& manifest) {
  const toml::table* table = node.as_table();
  static const toml::table kNone;
  TomlReader reader(path, table == nullptr ? kNone : *table, "knob");
  if (table == nullptr) reader.fail(node.source(), "'knob' has to be a list of tables");
  reader.only({"name", "meaning", "default", "wish"});
  for (const char* key : {"name", "meaning", "default"}) reader.require(key);
  Knob knob;
  reader.text("name", knob.name);
  reader.text("meaning", knob.meaning);
  reader.text("wish", knob.wish);
  reader.check("name", [&manifest](const std::string& name) -> base::Status {
    if (is_free_name(name, manifest)) return base::Done{};
    return Error{ErrorCode::InvalidArgument,
                 "'knob.name' has to be made of letters, digits, '-' and '_', and to stand for "
                 "nothing else: '" +
                     name + "'"};
  });
  if (const toml::node* standard = table == nullptr ? nullptr : table->get("default")) {
    const auto value = read_default(*standard, knob.kind);
    if (!value) {
      reader.fail(standard->source(),
                  "'knob.default' has to be a number, true or false, or a text");
    }
    knob.standard = value.value_or("");
  }
  TRY([[maybe_unused]] const base::Done done, reader.finished());
  manifest.knobs.push_back(std::move(knob));
  return base::Done{};
}

base::Status read_knobs(const std::string& path, TomlReader& reader, Manifest& manifest) {
  base::Status knobs = base::Done{};
  reader.each("knob", "tables", [&](const toml::node& node) {
    if (knobs.ok()) knobs = read_knob(path, node, manifest);
  });
  return knobs.ok() ? reader.finished() : knobs;
}

base::Status read_root(const std::string& path, const toml::table& root, Manifest& manifest) {
  TomlReader reader(path, root, "");
  reader.only({"description", "install", "version", "peer_ports", "protocol", "node", "ready",
               "client", "knob"});
  for (const char* key : {"description", "node", "ready", "client"}) reader.require(key);
  reader.text("description", manifest.description);
  reader.text("install", manifest.install);
  TRY([[maybe_unused]] const base::Done knobs, read_knobs(path, reader, manifest));
  reader.words("version", manifest.version);
  reader.check("version", expanding_in(example(manifest, false)));
  reader.ports("peer_ports", manifest.peer_ports);
  reader.text("protocol", manifest.protocol);
  reader.check("protocol", [](const std::string& word) -> base::Status {
    std::vector<std::string> known;
    known.reserve(wire::kProtocols.size());
    for (const wire::Protocol protocol : wire::kProtocols) known.emplace_back(name(protocol));
    if (wire::protocol(word)) return base::Done{};
    return Error{ErrorCode::InvalidArgument, base::unknown_word("protocol", word, known)};
  });
  const toml::table* node = reader.child("node");
  const toml::table* ready = reader.child("ready");
  const toml::table* client = reader.child("client");
  TRY([[maybe_unused]] const base::Done keys_done, reader.finished());
  TRY([[maybe_unused]] const base::Done node_done, read_node(path, *node, manifest));
  TRY([[maybe_unused]] const base::Done ready_done, read_ready(path, *ready, manifest));
  return read_client(path, *client, manifest);
}

}  // namespace

Scope scope_of(const Manifest& manifest, const std::vector<Names>& nodes,
               std::optional<std::size_t> self) {
  Names names = {{"adapter", manifest.folder},
                 {"program", manifest.program},
                 {"nodes", std::to_string(nodes.size())}};
  for (const Knob& knob : manifest.knobs) {
    names[knob.name] = setting(manifest.knobs, manifest.settings, knob.name);
  }
  return {std::move(names), nodes, self};
}

base::Result<Manifest> read_manifest(const std::string& folder) {
  std::error_code failure;
  Manifest manifest;
  manifest.folder = fs::weakly_canonical(folder, failure).string();
  const std::string path = folder + "/adapter.toml";
  const std::uintmax_t size = fs::file_size(path, failure);
  if (failure) return Error{ErrorCode::NotFound, path + ": " + failure.message()};
  if (size > kLargestFile) return Error{ErrorCode::InvalidArgument, path + " is over a megabyte"};
  const toml::parse_result parsed = toml::parse_file(path);
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    return Error{ErrorCode::InvalidArgument, path + ":" + std::to_string(at.line) + ":" +
                                                 std::to_string(at.column) + ": " +
                                                 std::string(parsed.error().description())};
  }
  TRY([[maybe_unused]] const base::Done done, read_root(path, parsed.table(), manifest));
  return manifest;
}

}  // namespace check::cluster
