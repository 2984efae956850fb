// SPDX-License-Identifier: Apache-2.0
// A storage of one's own, for logs that are short: one file, written anew for each batch. It is
// tried by the kit that came with the package, and so is one that forgets a sync, which must not
// pass. Then a server of the embedded Raft stands on it.
#include "journal/storage.h"

#include <seaworthy/raft/server.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/kit/conformance.h"

namespace {

class OneFile : public journal::Storage {
 public:
  explicit OneFile(io::Disk& disk, bool syncs_directory = true)
      : disk_(disk), syncs_directory_(syncs_directory) {}

  base::Result<journal::Recovered> recover() override {
    TRY(const auto names, disk_.list());
    const auto is_there = [&](const char* name) {
      return std::ranges::find(names, name) != names.end();
    };
    if (is_there(kNew)) {
      TRY([[maybe_unused]] const base::Done removed, disk_.remove(kNew));
    }
    if (is_there(kName)) {
      TRY(const auto file, disk_.open(kName));
      TRY(const std::uint64_t size, file->size_bytes());
      std::string bytes(size, '\0');
      TRY(const std::size_t count, file->read(0, std::span(bytes)));
      bytes.resize(count);
      read(bytes);
    }
    TRY([[maybe_unused]] const base::Done durable, disk_.sync_directory());
    return state_;
  }

  void append(const journal::Change& change) override {
    if (change.empty()) return;
    ++pending_;
    if (change.save) state_.hard_state = *change.save;
    if (change.rebase && change.rebase->last.index > state_.base.index) {
      drop(change.rebase->keeps_rest ? change.rebase->last.index : state_.last().index);
      state_.base = change.rebase->last;
    }
    if (change.truncate_from) {
      state_.entries.resize(change.truncate_from->since(state_.base.index.next()));
    }
    state_.entries.insert(state_.entries.end(), change.append.begin(), change.append.end());
    if (change.floor) state_.floor = *change.floor;
    if (is_grown()) state_.floor = {};
  }

  std::uint64_t pending_bytes() const override { return pending_; }

  base::Status sync() override {
    if (failure_) return *failure_;
    if (pending_ == 0) return base::Done{};
    drop(dropped_);
    base::Status written = write();
    if (!written.ok()) failure_ = written.error();
    pending_ = 0;
    return written;
  }

  void drop_through(raft::LogIndex index) override { dropped_ = std::max(dropped_, index); }

  base::Result<bool> tend() override {
    if (failure_) return *failure_;
    return false;
  }

 private:
  static constexpr const char* kName = "log";
  static constexpr const char* kNew = "log.new";

  // Later term, or same term and no shorter.
  bool is_grown() const { return state_.last() >= state_.floor; }

  void drop(raft::LogIndex through) {
    while (!state_.entries.empty() && state_.entries.front().id.index <= through) {
      state_.base = state_.entries.front().id;
      state_.entries.erase(state_.entries.begin());
    }
  }

  base::Status write() {
    const std::string bytes = encoded();
    TRY(const auto file, disk_.create(kNew));
    const std::array<std::string_view, 1> parts{bytes};
    TRY([[maybe_unused]] const base::Done written, file->write(0, parts));
    TRY([[maybe_unused]] const base::Done synced, file->sync());
    TRY([[maybe_unused]] const base::Done named, disk_.rename(kNew, kName));
    if (!syncs_directory_) return base::Done{};
    return disk_.sync_directory();
  }

  std::string encoded() const {
    std::string body;
    base::ByteWriter out(body);
    const auto put = [&](raft::EntryId id) {
      out.u64(id.term.value());
      out.u64(id.index.value());
    };
    out.u64(state_.hard_state.term.value());
    out.u32(state_.hard_state.vote ? state_.hard_state.vote->value : 0);
    put(state_.base);
    put(state_.floor);
    out.u64(state_.entries.size());
    for (const raft::Entry& entry : state_.entries) {
      put(entry.id);
      out.u8(static_cast<std::uint8_t>(entry.kind));
      out.sized(entry.payload == nullptr ? std::string_view() : *entry.payload);
    }
    std::string bytes;
    base::ByteWriter(bytes).u32(base::crc32c(body));
    return bytes + body;
  }

  // The name is given to a file that is whole: what is wrong here is damage, and all is gone.
  void read(std::string_view bytes) {
    base::ByteReader in(bytes);
    const std::uint32_t checksum = in.u32();
    if (!in.ok() || base::crc32c(bytes.substr(4)) != checksum) {
      state_.floor = journal::kUnknownFloor;
      state_.findings.push_back({kName, 0, "the log is damaged", journal::kUnknownFloor});
      return;
    }
    const auto id = [&] {
      const raft::Term term(in.u64());
      return raft::EntryId{term, raft::LogIndex(in.u64())};
    };
    state_.hard_state.term = raft::Term(in.u64());
    if (const std::uint32_t vote = in.u32(); vote != 0) {
      state_.hard_state.vote = raft::NodeId{vote};
    }
    state_.base = id();
    state_.floor = id();
    for (std::uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
      raft::Entry entry{id(), static_cast<raft::EntryKind>(in.u8()), nullptr};
      const std::string_view payload = in.sized();
      if (entry.kind != raft::EntryKind::Noop) {
        entry.payload = std::make_shared<const std::string>(payload);
      }
      state_.entries.push_back(std::move(entry));
    }
  }

  io::Disk& disk_;
  bool syncs_directory_;
  journal::Recovered state_;
  raft::LogIndex dropped_;
  std::uint64_t pending_ = 0;
  std::optional<base::Error> failure_;
};

class Text final : public seaworthy::StateMachine {
 public:
  std::string apply(const seaworthy::Command& command) override { return text_ += command.bytes; }
  std::string read(std::string_view /*query*/) const override { return text_; }

 private:
  std::string text_;
};

// A cluster of one; its log is in our file. What it says to be asked for its state, after `more`.
std::string ask_server(const std::string& folder, const std::string& more) {
  seaworthy::Options options;
  options.id = 1;
  options.members = {{1, "127.0.0.1:23030"}};
  options.folder = folder;
  options.make_storage = [](io::Disk& disk) { return std::make_unique<OneFile>(disk); };
  Text text;
  seaworthy::Error error;
  const auto server = seaworthy::Server::open(options, text, error);
  if (server == nullptr) return error.message;
  if (!more.empty()) (void)server->write(more).get();
  return server->read("").get().answer;
}

}  // namespace

int main() {
  const kit::Subject good{"one file",
                          [](io::Disk& disk) { return std::make_unique<OneFile>(disk); }};
  const kit::Report report = kit::try_out(good, {1, 3, 25});
  for (const std::string& complaint : report.complaints) std::puts(complaint.c_str());
  std::printf("%llu disasters\n", static_cast<unsigned long long>(report.disasters));
  if (!report.complaints.empty() || report.disasters < 900) return 1;

  const kit::Subject forgetful{"one file whose name is not synced", [](io::Disk& disk) {
                                 return std::make_unique<OneFile>(disk, false);
                               }};
  const kit::Report other = kit::try_out(forgetful, {1, 1, 25});
  if (other.complaints.empty()) return 1;
  std::printf("as it should be: %s\n", other.complaints.front().c_str());

  const std::string folder = "folder-of-storage";
  std::filesystem::remove_all(folder);
  const bool written = ask_server(folder, "kept") == "kept";
  const bool kept = ask_server(folder, "") == "kept" && std::filesystem::exists(folder + "/log");
  std::printf("a server on it %s\n", written && kept ? "keeps what was written" : "fails");
  return written && kept ? 0 : 1;
}
