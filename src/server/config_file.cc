// SPDX-License-Identifier: Apache-2.0
// The TOML file. Exceptions of the library end here.
#include <fcntl.h>
#include <fmt/core.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <limits>

#include "base/text.h"
#include "os/error.h"
#include "os/fd.h"
#include "server/option_table.h"

namespace server {
namespace {

class Reader {
 public:
  Reader(std::string path, RawOptions& options) : path_(std::move(path)), options_(options) {}

  // `prefix`: of the table, "tls." for [tls].
  base::Status read(const toml::table& table, const std::string& prefix) {  // NOLINT: two deep.
    for (const auto& [key, node] : table) {
      TRY([[maybe_unused]] const auto taken, take(key, node, prefix));
    }
    return base::Done{};
  }

  base::Error error(const toml::source_region& where, const std::string& what) const {
    return base::Error{base::ErrorCode::InvalidArgument, place(where) + what};
  }

 private:
  std::string place(const toml::source_region& where) const {
    return fmt::format("{}:{}:{}: ", path_, where.begin.line, where.begin.column);
  }

  base::Status take(const toml::key& key, const toml::node& node,  // NOLINT: two deep.
                    const std::string& prefix) {
    const std::string name = prefix + std::string(key.str());
    for (const OptionSpec& spec : option_specs()) {
      if (spec.key == name) return take(spec, node);
    }
    const std::vector<std::string> inner = choices(name + ".");
    if (inner.empty()) {
      const std::string where = place_of_flag(key.str());
      return error(key.source(),
                   fmt::format("unknown key '{}'{}", key.str(),
                               !where.empty() ? ": it is " + where
                                              : base::did_you_mean(key.str(), choices(prefix))));
    }
    if (const auto* table = node.as_table()) return read(*table, name + ".");
    return error(node.source(),
                 fmt::format("expected a table: [{}] with {}", name, base::listed(inner)));
  }

  // Where the option of the command line that has this name stands: "`cert` in `[tls]`"; nothing
  // if it is no such option, or stands at the top.
  static std::string place_of_flag(std::string_view name) {
    for (const OptionSpec& spec : option_specs()) {
      const std::size_t dot = spec.key.find('.');
      if (dot == std::string_view::npos || flag_of(spec) != "--" + std::string(name)) continue;
      return fmt::format("`{}` in `[{}]`", spec.key.substr(dot + 1), spec.key.substr(0, dot));
    }
    return {};
  }

  // The keys and tables that may stand in the table of `prefix`.
  static std::vector<std::string> choices(const std::string& prefix) {
    std::vector<std::string> found;
    for (const OptionSpec& spec : option_specs()) {
      if (!spec.key.starts_with(prefix)) continue;
      const std::string_view rest = spec.key.substr(prefix.size());
      const std::string choice(rest.substr(0, rest.find('.')));
      if (found.empty() || found.back() != choice) found.push_back(choice);
    }
    return found;
  }

  base::Status take(const OptionSpec& spec, const toml::node& node) {
    options_.places.emplace(spec.key, place(node.source()));
    if (spec.is_table) return nodes(node, options_.*std::get<OptionSpec::Text>(spec.into), spec);
    if (spec.type == "yes|no" && !node.is_string())
      return error(node.source(), "expected \"yes\" or \"no\"");
    if (const auto* into = std::get_if<OptionSpec::Text>(&spec.into))
      return text(node, options_.**into);
    return number(node, options_.*std::get<OptionSpec::Number>(spec.into));
  }

  base::Status text(const toml::node& node, std::optional<std::string>& option) const {
    const auto* value = node.as_string();
    if (value == nullptr) return error(node.source(), "expected text in quotes");
    if (!option) option = value->get();
    return base::Done{};
  }

  base::Status number(const toml::node& node, std::optional<std::uint32_t>& option) const {
    const auto* value = node.as_integer();
    if (value == nullptr || value->get() < 0 ||
        value->get() > std::numeric_limits<std::uint32_t>::max())
      return error(node.source(), "expected a whole number from 0 to 4294967295");
    if (!option) option = static_cast<std::uint32_t>(value->get());
    return base::Done{};
  }

  // A table of id = "host:port".
  base::Status nodes(const toml::node& node, std::optional<std::string>& option,
                     const OptionSpec& spec) const {
    const auto* table = node.as_table();
    if (table == nullptr) {
      return error(
          node.source(),
          fmt::format("expected a table: [{}] with lines such as 1 = \"n1:7001\"", spec.key));
    }
    std::string joined;
    for (const auto& [key, value] : *table) {
      std::optional<std::string> address;
      TRY([[maybe_unused]] const auto taken, text(value, address));
      const std::string pair = fmt::format("{}={}", key.str(), *address);
      if (const auto parsed = parse_peers(pair); !parsed.ok())
        return error(key.source(), parsed.error().message);
      joined += (joined.empty() ? "" : ",") + pair;
    }
    if (!option) option = joined;
    return base::Done{};
  }

  std::string path_;
  RawOptions& options_;
};

}  // namespace

base::Status parse_config(const std::string& text, const std::string& path, RawOptions& options) {
  // Places are of what the file decides.
  const RawOptions said = options;
  Reader reader(path, options);
  try {
    TRY([[maybe_unused]] const auto read, reader.read(toml::parse(text, path), ""));
  } catch (const toml::parse_error& failure) {
    return reader.error(failure.source(), std::string(failure.description()));
  }
  for (const OptionSpec& spec : option_specs()) {
    const bool by_hand = std::visit([&](auto into) { return (said.*into).has_value(); }, spec.into);
    if (by_hand) options.places.erase(std::string(spec.key));
  }
  return base::Done{};
}

base::Status read_config(const std::string& path, RawOptions& options) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return os::system_error("read " + path);
  std::string text(kMaxBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::system_error("read " + path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > kMaxBytes)
    return base::Error{base::ErrorCode::InvalidArgument, path + " is longer than 1 MiB"};
  text.resize(size);
  return parse_config(text, path, options);
}

}  // namespace server
