// SPDX-License-Identifier: Apache-2.0
// A replicated map on libraft, in the shape of the programs that use it (dqlite): libuv, segments
// on disk, snapshots, pre-votes.
//
//   libraft-node ID CLIENTS DATA ID=ADDRESS,...   all nodes, this one included
//   libraft-node --version
//
// A client connects to CLIENTS, sends one line and gets one. Keys and values are words; "-" is the
// value of a key that was never written.
//
//   status             ok LEADS LEADER TERM COMMIT   LEADER is 0 if none is known
//   mark               ok INDEX                      puts a mark into the log
//   read INDEX KEY     ok VALUE                      once this node has applied all up to INDEX
//   write KEY VALUE    ok
//   swap KEY OLD NEW   ok, or other FOUND
//
// Only a leader takes marks and changes. Other answers: fail REASON, info REASON. A mark, then a
// read of it at any node, is never older than what was acknowledged before.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

extern "C" {
#include <raft.h>
#include <raft/uv.h>
}

namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20U;
constexpr std::uint64_t kMostWaitMs = 5000;
constexpr unsigned kSnapshotThreshold = 1000;  // So that snapshots are sent within a run.

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "libraft-node: %s\n", what.c_str());
  std::exit(1);
}

// --- The state machine ---------------------------------------------------------------------------

// What libraft stores is a multiple of eight bytes long, and freed by it.
raft_buffer buffer_of(std::string text) {
  text.resize((text.size() + 8) / 8 * 8, ' ');
  raft_buffer buffer{raft_malloc(text.size()), text.size()};
  if (buffer.base == nullptr) fail("out of memory");
  std::memcpy(buffer.base, text.data(), text.size());
  return buffer;
}

std::istringstream words_of(const raft_buffer& buffer) {
  return std::istringstream(std::string(static_cast<const char*>(buffer.base), buffer.len));
}

class Map {
 public:
  std::string read(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? "-" : found->second;
  }

  // The answer to a command of the log, valid until the next; null: it is none.
  std::string* apply(std::istringstream command) {
    std::string what;
    std::string key;
    std::string expected;
    std::string value;
    command >> what >> key;
    if (what == "swap") command >> expected;
    if (!(command >> value)) return nullptr;
    if (what == "swap" && expected != read(key)) {
      answer_ = "other " + read(key);
    } else {
      values_[key] = value;
      answer_ = "ok";
    }
    return &answer_;
  }

  std::string snapshot() const {
    std::string text;
    for (const auto& [key, value] : values_)
      text.append(key).append(" ").append(value).append("\n");
    return text;
  }
  void restore(std::istringstream text) {
    values_.clear();
    for (std::string key, value; text >> key >> value;) values_[key] = value;
  }

 private:
  std::map<std::string, std::string> values_;
  std::string answer_;
};

Map& map_of(const raft_fsm* fsm) { return *static_cast<Map*>(fsm->data); }

raft_fsm machine_of(Map& map) {
  raft_fsm fsm{};
  fsm.version = 1;
  fsm.data = &map;
  fsm.apply = [](raft_fsm* self, const raft_buffer* command, void** result) {
    *result = map_of(self).apply(words_of(*command));
    return *result == nullptr ? RAFT_MALFORMED : 0;
  };
  fsm.snapshot = [](raft_fsm* self, raft_buffer* buffers[], unsigned* count) {
    *count = 1;
    *buffers = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
    if (*buffers == nullptr) return RAFT_NOMEM;
    **buffers = buffer_of(map_of(self).snapshot());
    return 0;
  };
  fsm.restore = [](raft_fsm* self, raft_buffer* buffer) {
    map_of(self).restore(words_of(*buffer));
    raft_free(buffer->base);
    return 0;
  };
  return fsm;
}

// --- Clients -------------------------------------------------------------------------------------

class Node;

// One request and its answer.
struct Client {
  Node* node;
  uv_tcp_t connection;
  uv_write_t write;
  std::array<char, 4096> arrived;
  std::string text;  // What it says, then what it is told.
  struct raft_apply change;
  struct raft_barrier mark;
  // A read that waits.
  raft_index index;
  std::string key;
  std::uint64_t end_ms;
};

uv_handle_t* handle_of(Client& client) {
  return reinterpret_cast<uv_handle_t*>(&client.connection);
}
uv_stream_t* stream_of(Client& client) {
  return reinterpret_cast<uv_stream_t*>(&client.connection);
}

void close(Client& client) {
  uv_close(handle_of(client),
           [](uv_handle_t* handle) { delete static_cast<Client*>(handle->data); });
}

void answer(Client& client, const std::string& text) {
  client.text = text + "\n";
  const uv_buf_t buffer =
      uv_buf_init(client.text.data(), static_cast<unsigned>(client.text.size()));
  client.write.data = &client;
  const auto written = [](uv_write_t* write, int) { close(*static_cast<Client*>(write->data)); };
  if (uv_write(&client.write, stream_of(client), &buffer, 1, written) != 0) close(client);
}

// What became of a change or a mark that libraft took, or did not take.
std::string refused(int error) {
  const bool undone = error == RAFT_NOTLEADER;
  return (undone ? "fail " : "info ") + std::string(raft_strerror(error));
}

// --- The node ------------------------------------------------------------------------------------

class Node {
 public:
  Node(raft_id id, const std::string& folder, const std::string& peers) {
    mkdir(folder.c_str(), 0755);
    uv_loop_init(&loop_);
    machine_ = machine_of(map_);
    raft_configuration all;
    raft_configuration_init(&all);
    const std::string address = parse(peers, id, all);
    transport_.data = nullptr;
    must(raft_uv_tcp_init(&transport_, &loop_), transport_.errmsg);
    must(raft_uv_init(&io_, &loop_, folder.c_str(), &transport_), io_.errmsg);
    must(raft_init(&raft_, &io_, &machine_, id, address.c_str()), raft_.errmsg);
    raft_set_pre_vote(&raft_, true);
    raft_set_snapshot_threshold(&raft_, kSnapshotThreshold);
    const int bootstrapped = raft_bootstrap(&raft_, &all);
    if (bootstrapped != RAFT_CANTBOOTSTRAP) must(bootstrapped, raft_.errmsg);
    raft_configuration_close(&all);
    must(raft_start(&raft_), raft_.errmsg);
    uv_check_init(&loop_, &after_);
    after_.data = this;
    uv_check_start(&after_, [](uv_check_t* check) { static_cast<Node*>(check->data)->after(); });
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() = delete;  // It lives as long as its process.

  void serve(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    sockaddr_in where{};
    if (colon == std::string::npos ||
        uv_ip4_addr(address.substr(0, colon).c_str(), std::atoi(address.c_str() + colon + 1),
                    &where) != 0) {
      fail(address + " is not ADDRESS:PORT");
    }
    uv_tcp_init(&loop_, &listener_);
    listener_.data = this;
    const int bound = uv_tcp_bind(&listener_, reinterpret_cast<const sockaddr*>(&where), 0);
    if (bound != 0) fail(address + ": " + uv_strerror(bound));
    const auto arrived = [](uv_stream_t* listener, int error) {
      if (error == 0) static_cast<Node*>(listener->data)->accept();
    };
    const int listening = uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 128, arrived);
    if (listening != 0) fail(address + ": " + uv_strerror(listening));
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  static void must(int error, const char* message) {
    if (error != 0) fail(std::string(raft_strerror(error)) + ": " + message);
  }

  // The address of this node.
  static std::string parse(const std::string& peers, raft_id id, raft_configuration& all) {
    std::istringstream list(peers);
    std::string own;
    for (std::string peer; std::getline(list, peer, ',');) {
      const raft_id number = std::strtoull(peer.c_str(), nullptr, 10);
      const std::string address = peer.substr(std::min(peer.find('='), peer.size() - 1) + 1);
      if (raft_configuration_add(&all, number, address.c_str(), RAFT_VOTER) != 0) {
        fail(peer + " is not ID=ADDRESS");
      }
      if (number == id) own = address;
    }
    if (own.empty()) fail("this node is not among the nodes");
    return own;
  }

  void accept() {
    auto* client = new Client{};
    client->node = this;
    uv_tcp_init(&loop_, &client->connection);
    client->connection.data = client;
    if (uv_accept(reinterpret_cast<uv_stream_t*>(&listener_), stream_of(*client)) != 0) {
      close(*client);
      return;
    }
    const auto room = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
      auto& arrived = static_cast<Client*>(handle->data)->arrived;
      *buffer = uv_buf_init(arrived.data(), static_cast<unsigned>(arrived.size()));
    };
    const auto read = [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
      auto& reader = *static_cast<Client*>(stream->data);
      if (size > 0) reader.text.append(buffer->base, static_cast<std::size_t>(size));
      const std::size_t end = reader.text.find('\n');
      if (end == std::string::npos) {
        if (size < 0 || reader.text.size() > kLongestLine) close(reader);
        return;
      }
      uv_read_stop(stream);
      reader.text.resize(end);
      reader.node->ask(reader);
    };
    uv_read_start(stream_of(*client), room, read);
  }

  void ask(Client& client) {
    std::istringstream words(client.text);
    std::string what;
    words >> what;
    if (what == "status") {
      answer(client, status());
    } else if (what == "mark") {
      mark(client);
    } else if (what == "read" && words >> client.index >> client.key) {
      client.end_ms = uv_now(&loop_) + kMostWaitMs;
      waiting_.push_back(&client);
    } else if (what == "write" || what == "swap") {
      change(client);
    } else {
      answer(client, "fail unknown request");
    }
  }

  std::string status() {
    raft_id leader = 0;
    const char* address = nullptr;
    raft_leader(&raft_, &leader, &address);
    std::ostringstream text;
    text << "ok " << (raft_state(&raft_) == RAFT_LEADER) << ' ' << leader << ' '
         << raft_.current_term << ' ' << raft_.commit_index;
    return text.str();
  }

  void mark(Client& client) {
    client.mark.data = &client;
    const int error = raft_barrier(&raft_, &client.mark, [](struct raft_barrier* done, int status) {
      auto& asker = *static_cast<Client*>(done->data);
      answer(asker, status == 0 ? "ok " + std::to_string(done->index) : refused(status));
    });
    if (error != 0) answer(client, refused(error));
  }

  void change(Client& client) {
    const raft_buffer command = buffer_of(client.text);
    client.change.data = &client;
    const auto applied = [](struct raft_apply* done, int status, void* result) {
      auto& asker = *static_cast<Client*>(done->data);
      answer(asker, status == 0 ? *static_cast<std::string*>(result) : refused(status));
    };
    const int error = raft_apply(&raft_, &client.change, &command, 1, applied);
    if (error == RAFT_NOTLEADER) raft_free(command.base);
    if (error != 0) answer(client, refused(error));
  }

  // After each round of the loop: what was applied may be read.
  void after() {
    if (raft_state(&raft_) == RAFT_UNAVAILABLE) fail(raft_errmsg(&raft_));
    std::erase_if(waiting_, [this](Client* client) {
      const bool applied = raft_last_applied(&raft_) >= client->index;
      if (!applied && uv_now(&loop_) < client->end_ms) return false;
      answer(*client, applied ? "ok " + map_.read(client->key) : "fail it is not applied here yet");
      return true;
    });
  }

  uv_loop_t loop_{};
  uv_tcp_t listener_{};
  uv_check_t after_{};
  raft_uv_transport transport_{};
  raft_io io_{};
  raft_fsm machine_{};
  raft raft_{};
  Map map_;
  std::vector<Client*> waiting_;
};

}  // namespace

int main(int count, char** words) {
  if (count == 2 && std::strcmp(words[1], "--version") == 0) {
    std::puts("libraft " LIBRAFT_VERSION);
    return 0;
  }
  if (count != 5) fail("usage: libraft-node ID CLIENTS DATA ID=ADDRESS,...");
  std::signal(SIGPIPE, SIG_IGN);  // libuv does not: the peer that is written to may be gone.
  auto* node = new Node(std::strtoull(words[1], nullptr, 10), words[3], words[4]);
  node->serve(words[2]);
}
