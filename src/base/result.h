// SPDX-License-Identifier: Apache-2.0
// A value, or the reason why there is none.
//
// Functions that can fail for reasons outside this program (disk, network, peer, user) return a
// Result and never throw. Results must be looked at: the compiler warns when one is dropped.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace base {

// NoSpace: a disk is full, or a quota is; Io: any other fault of a disk or of the system.
enum class ErrorCode { InvalidArgument, NotFound, Corrupt, Io, NoSpace, Timeout, Unavailable };

struct [[nodiscard]] Error {
  ErrorCode code;
  std::string message;  // One sentence for a person; names the file, the offset, the peer.
};

template <class Value>
class [[nodiscard]] Result {
 public:
  Result(Value value) : state_(std::move(value)) {}  // NOLINT: implicit, so that `return value;`
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: and `return Error{...};` both read.

  bool ok() const { return std::holds_alternative<Value>(state_); }
  explicit operator bool() const { return ok(); }

  const Value& value() const& {
    CHECK(ok());
    return std::get<Value>(state_);
  }
  Value&& value() && {
    CHECK(ok());
    return std::get<Value>(std::move(state_));
  }
  const Error& error() const& {
    CHECK(!ok());
    return std::get<Error>(state_);
  }
  Error&& error() && {
    CHECK(!ok());
    return std::get<Error>(std::move(state_));
  }

 private:
  std::variant<Value, Error> state_;
};

// The Result of an action that yields nothing.
struct Done {};
using Status = Result<Done>;

}  // namespace base

// Returns early with the error, or binds the value:  TRY(auto header, read_header(file));
#define TRY(declaration, expression) TRY_IMPL_(TRY_NAME_(__LINE__), declaration, expression)
#define TRY_NAME_(line) TRY_NAME_2_(line)
#define TRY_NAME_2_(line) try_result_##line
#define TRY_IMPL_(result, declaration, expression)    \
  auto result = (expression);                         \
  if (!result.ok()) return std::move(result).error(); \
  declaration = std::move(result).value()
