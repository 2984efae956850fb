// SPDX-License-Identifier: Apache-2.0
#include "transport/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <system_error>
#include <utility>

namespace transport {
namespace {

// The oldest reason that OpenSSL has noted in this thread; forgets all.
std::string reason() {
  const unsigned long code = ERR_get_error();  // NOLINT(google-runtime-int): OpenSSL's.
  ERR_clear_error();
  // Of the system OpenSSL has the number only: a file that is not there.
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "failed" : text;
}

base::Error wrong(const std::string& what) {
  return {base::ErrorCode::InvalidArgument, "TLS: " + what};
}

int size_for_openssl(std::size_t bytes) {
  return static_cast<int>(
      std::min(bytes, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

class Session final : public TlsSession {
 public:
  // `in` and `out` are memory, and belong to `ssl`.
  Session(Ssl ssl, BIO* in, BIO* out) : ssl_(std::move(ssl)), in_(in), out_(out) {}

  base::Status receive(std::string_view bytes, std::string& plain) override {
    while (!bytes.empty()) {
      const int taken = BIO_write(in_, bytes.data(), size_for_openssl(bytes.size()));
      if (taken <= 0) return wrong(reason());
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    std::array<char, 16 * 1024> chunk;  // NOLINT: SSL_read fills what is read.
    while (true) {
      ERR_clear_error();
      const int count = SSL_read(ssl_.get(), chunk.data(), size_for_openssl(chunk.size()));
      if (count <= 0) return outcome(count);
      plain.append(chunk.data(), static_cast<std::size_t>(count));
    }
  }

  base::Status send(std::string& plain) override {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get()) == 0) {
      const int done = SSL_do_handshake(ssl_.get());
      if (done != 1) return outcome(done);
    }
    std::string_view rest = plain;
    while (!rest.empty()) {
      const int count = SSL_write(ssl_.get(), rest.data(), size_for_openssl(rest.size()));
      if (count <= 0) return outcome(count);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    plain.clear();
    return base::Done{};
  }

  void take_output(std::string& out) override {
    std::array<char, 16 * 1024> chunk;  // NOLINT: BIO_read fills what is read.
    while (BIO_ctrl_pending(out_) > 0) {
      const int count = BIO_read(out_, chunk.data(), size_for_openssl(chunk.size()));
      if (count <= 0) return;
      out.append(chunk.data(), static_cast<std::size_t>(count));
    }
  }

  bool names_peer(const std::string& name) const override {
    const Certificate certificate(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    if (certificate == nullptr) return false;
    const bool named = X509_check_host(certificate.get(), name.data(), name.size(),
                                       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1 ||
                       X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1;
    ERR_clear_error();
    return named;
  }

 private:
  // Of a call that returned `result` <= 0.
  base::Status outcome(int result) const {
    const int error = SSL_get_error(ssl_.get(), result);
    const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (waits || error == SSL_ERROR_ZERO_RETURN) return base::Done{};
    const long verified = SSL_get_verify_result(ssl_.get());  // NOLINT(google-runtime-int)
    std::string why = reason();
    if (verified != X509_V_OK) {
      why += std::string(": ") + X509_verify_cert_error_string(verified);
    }
    return wrong(why);
  }

  Ssl ssl_;
  BIO* in_;
  BIO* out_;
};

class Context final : public TlsContext {
 public:
  explicit Context(SslContext context) : context_(std::move(context)) {}

  base::Result<std::unique_ptr<TlsSession>> begin(Side side) const override {
    Ssl ssl(SSL_new(context_.get()), &SSL_free);
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    if (ssl == nullptr || in == nullptr || out == nullptr) {
      BIO_free(in);
      BIO_free(out);
      return wrong(reason());
    }
    SSL_set_bio(ssl.get(), in, out);
    if (side == Side::Dialer) {
      SSL_set_connect_state(ssl.get());
    } else {
      SSL_set_accept_state(ssl.get());
    }
    return std::unique_ptr<TlsSession>(std::make_unique<Session>(std::move(ssl), in, out));
  }

 private:
  SslContext context_;
};

// A key that needs a password cannot be used: nobody is there to ask.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

}  // namespace

base::Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsFiles& files) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_method()), &SSL_CTX_free);
  if (context == nullptr) return wrong(reason());
  SSL_CTX* raw = context.get();
  SSL_CTX_set_default_passwd_cb(raw, no_password);
  SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);  // Each connection proves anew who it is.
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1) {
    return wrong("cannot use the certificate in " + files.certificate + ": " + reason());
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return wrong("cannot use the key in " + files.key + ": " + reason());
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return wrong("the key in " + files.key + " is not that of " + files.certificate);
  }
  if (SSL_CTX_load_verify_file(raw, files.authority.c_str()) != 1) {
    return wrong("cannot use the authority in " + files.authority + ": " + reason());
  }
  return std::shared_ptr<const TlsContext>(std::make_shared<Context>(std::move(context)));
}

}  // namespace transport
