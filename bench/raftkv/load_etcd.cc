// SPDX-License-Identifier: Apache-2.0
// etcd's own protocol, as its own clients speak it: a stream of HTTP/2 for each request, the
// messages KV.Put and KV.Range of its API in protobuf (rpc.proto), written by hand because two
// messages do not pay for a generator.
#include <fmt/core.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>

#include "load_dialect.h"

namespace load {
namespace {

constexpr std::string_view kPutPath = "/etcdserverpb.KV/Put";
constexpr std::string_view kRangePath = "/etcdserverpb.KV/Range";
constexpr std::uint32_t kWindow = 1U << 30U;  // Never wait for a window.

void put_varint(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>((value & 0x7FU) | 0x80U);
  out += static_cast<char>(value);
}

void put_field(std::string& out, int number, std::string_view bytes) {
  out += static_cast<char>(number << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {  // nghttp2 does not write to it.
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // NOLINT
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

// A request under way.
struct Stream {
  std::string body;
  std::size_t sent = 0;
  std::size_t received = 0;  // Bytes of the answer's body.
  bool granted = false;      // grpc-status 0.
};

class EtcdDialect final : public Dialect {
 public:
  explicit EtcdDialect(const Workload& workload)
      : is_put_(workload.operation == Operation::Set),
        value_(workload.value_bytes, 'v'),
        headers_{header(":method", "POST"),
                 header(":scheme", "http"),
                 header(":path", is_put_ ? kPutPath : kRangePath),
                 header(":authority", "localhost"),
                 header("content-type", "application/grpc"),
                 header("te", "trailers")} {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
  }
  EtcdDialect(const EtcdDialect&) = delete;
  EtcdDialect& operator=(const EtcdDialect&) = delete;
  ~EtcdDialect() override { nghttp2_session_del(session_); }

  void greet(std::string& out) override {
    const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
    drain(out);
  }

  void put(std::uint32_t slot, std::string_view key, std::string& out) override {
    if (slot >= streams_.size()) streams_.resize(slot + 1);
    Stream& stream = streams_[slot];
    std::string message;
    put_field(message, 1, key);
    if (is_put_) put_field(message, 2, value_);
    const auto size = static_cast<std::uint32_t>(message.size());
    stream = Stream{};
    stream.body = {'\0', static_cast<char>(size >> 24U), static_cast<char>(size >> 16U),
                   static_cast<char>(size >> 8U), static_cast<char>(size)};
    stream.body += message;
    nghttp2_data_provider body{};
    body.source.fd = static_cast<int>(slot);
    body.read_callback = read_body;
    // Slots begin at 1 as user data: null is none.
    void* name = reinterpret_cast<void*>(std::uintptr_t{slot} + 1);  // NOLINT
    nghttp2_submit_request(session_, nullptr, headers_.data(), headers_.size(), &body, name);
    drain(out);
  }

  bool take(std::string_view bytes, std::vector<Answer>& answers, std::string& out) override {
    answers_ = &answers;
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const bool fine = nghttp2_session_mem_recv(session_, data, bytes.size()) >= 0;
    drain(out);
    return fine;
  }

 private:
  static EtcdDialect& self(void* user) { return *static_cast<EtcdDialect*>(user); }

  // Null: a stream that is not a request's.
  Stream* find(std::int32_t id, std::uint32_t& slot) {
    void* name = nghttp2_session_get_stream_user_data(session_, id);
    if (name == nullptr) return nullptr;
    slot = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(name) - 1);
    return &streams_[slot];
  }

  void drain(std::string& out) {
    const std::uint8_t* data = nullptr;
    while (true) {
      const ssize_t count = nghttp2_session_mem_send(session_, &data);
      if (count <= 0) return;
      out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(count));
    }
  }

  // What nghttp2 calls: the parameters are its choice. NOLINTBEGIN(readability-function-size)
  static ssize_t read_body(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint8_t* into,
                           std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                           void* user) {
    Stream& stream = self(user).streams_[static_cast<std::size_t>(source->fd)];
    const std::size_t count = std::min(room, stream.body.size() - stream.sent);
    std::copy_n(stream.body.data() + stream.sent, count, into);
    stream.sent += count;
    if (stream.sent == stream.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_bytes, const std::uint8_t* value,
                       std::size_t value_bytes, std::uint8_t /*flags*/, void* user) {
    const std::string_view key(reinterpret_cast<const char*>(name), name_bytes);
    const std::string_view text(reinterpret_cast<const char*>(value), value_bytes);
    std::uint32_t slot = 0;
    Stream* stream = self(user).find(frame->hd.stream_id, slot);
    if (stream != nullptr && key == "grpc-status") stream->granted = text == "0";
    if (key == "grpc-message" && ++self(user).complaints_ == 1) {
      fmt::print(stderr, "answered: {}\n", text);
    }
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* /*data*/, std::size_t count, void* user) {
    std::uint32_t slot = 0;
    if (Stream* stream = self(user).find(id, slot)) stream->received += count;
    return 0;
  }

  // NOLINTEND(readability-function-size)

  static int on_close(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t /*error*/,
                      void* user) {
    std::uint32_t slot = 0;
    const Stream* stream = self(user).find(id, slot);
    if (stream == nullptr) return 0;
    // A value that was not found would make a short answer.
    const std::size_t least = self(user).is_put_ ? 0 : self(user).value_.size();
    self(user).answers_->push_back({slot, stream->granted && stream->received > least});
    return 0;
  }

  bool is_put_;
  std::string value_;
  std::array<nghttp2_nv, 6> headers_;
  nghttp2_session* session_ = nullptr;
  std::vector<Stream> streams_;             // By slot.
  std::vector<Answer>* answers_ = nullptr;  // Of the take() that is going on.
  int complaints_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_etcd_dialect(const Workload& workload) {
  return std::make_unique<EtcdDialect>(workload);
}

}  // namespace load
