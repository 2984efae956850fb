// SPDX-License-Identifier: Apache-2.0
#include <seaworthy/raft/server.h>

#include <utility>

#include "embed/engine.h"

namespace seaworthy {
inline namespace v0 {

class Server::Inner {
 public:
  explicit Inner(std::unique_ptr<embed::Engine> engine) : engine_(std::move(engine)) {}
  embed::Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<embed::Engine> engine_;
};

namespace {

// A callback has to be copyable, a promise is not.
struct Promised {
  std::shared_ptr<std::promise<Outcome>> promise = std::make_shared<std::promise<Outcome>>();
  void operator()(Outcome outcome) const { promise->set_value(std::move(outcome)); }
};

}  // namespace

Server::Server(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
Server::~Server() = default;

std::unique_ptr<Server> Server::open(const Options& options, StateMachine& machine, Error& error) {
  base::Result<std::unique_ptr<embed::Engine>> engine = embed::Engine::open(options, machine);
  if (!engine.ok()) {
    const base::ErrorCode code = engine.error().code;
    const bool storage = code == base::ErrorCode::Corrupt || code == base::ErrorCode::Io ||
                         code == base::ErrorCode::NoSpace;
    error = {storage ? Error::Kind::Storage : Error::Kind::Usage, engine.error().message};
    return nullptr;
  }
  auto inner = std::make_unique<Inner>(std::move(engine).value());
  return std::unique_ptr<Server>(new Server(std::move(inner)));
}

void Server::write(std::string command, Callback callback) {
  inner_->engine().write(std::move(command), std::move(callback));
}

void Server::read(std::string query, Callback callback) {
  inner_->engine().read(std::move(query), std::move(callback));
}

std::future<Outcome> Server::write(std::string command) {
  const Promised promised;
  write(std::move(command), promised);
  return promised.promise->get_future();
}

std::future<Outcome> Server::read(std::string query) {
  const Promised promised;
  read(std::move(query), promised);
  return promised.promise->get_future();
}

Status Server::status() const { return inner_->engine().status(); }

void Server::change_membership(const Membership& target, const Callback& callback) {
  inner_->engine().change_membership(target, callback);
}

void Server::transfer(std::uint32_t to, const Callback& callback) {
  inner_->engine().transfer(to, callback);
}

void Server::take_snapshot(const Callback& callback) { inner_->engine().take_snapshot(callback); }

}  // namespace v0
}  // namespace seaworthy
