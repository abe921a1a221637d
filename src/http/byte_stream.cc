#include "http/byte_stream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/address.h"

namespace peering::http {

namespace asio = boost::asio;
using boost::system::error_code;

struct ByteStream::Secure : asio::ssl::stream<Socket> {
  using asio::ssl::stream<Socket>::stream;
};

ByteStream::ByteStream(Socket socket, TlsContext tls) : tls_(std::move(tls)) {
  if (tls_) {
    secure_ = std::make_unique<Secure>(std::move(socket), *tls_);
  } else {
    plain_ = std::make_unique<Socket>(std::move(socket));
  }
}
ByteStream::~ByteStream() = default;
ByteStream::ByteStream(ByteStream&&) noexcept = default;

ByteStream::Socket& ByteStream::socket() { return secure_ ? secure_->next_layer() : *plain_; }
ByteStream::executor_type ByteStream::get_executor() { return socket().get_executor(); }

void ByteStream::expect_host(const std::string& host) {
  if (!secure_) return;
  secure_->set_verify_callback(asio::ssl::host_name_verification(host));
  if (!net::Address::parse(host)) SSL_set_tlsext_host_name(secure_->native_handle(), host.c_str());
}

void ByteStream::read_some(const Pieces<asio::mutable_buffer>& pieces, IoHandler handler) {
  secure_ ? secure_->async_read_some(pieces, std::move(handler))
          : plain_->async_read_some(pieces, std::move(handler));
}

void ByteStream::write_some(const Pieces<asio::const_buffer>& pieces, IoHandler handler) {
  secure_ ? secure_->async_write_some(pieces, std::move(handler))
          : plain_->async_write_some(pieces, std::move(handler));
}

std::size_t ByteStream::write_some_now(const Pieces<asio::const_buffer>& pieces, error_code& error) {
  if (secure_) {
    error = asio::error::would_block;
    return 0;
  }
  // Only what does not wait by itself: operations with handlers are as before.
  if (!plain_->non_blocking()) plain_->non_blocking(true, error);
  return error ? 0 : plain_->write_some(pieces, error);
}

void ByteStream::shake_hands(asio::ssl::stream_base::handshake_type side, DoneHandler handler) {
  if (secure_) {
    secure_->async_handshake(side, std::move(handler));
  } else {
    asio::post(get_executor(), [mine = std::move(handler)]() mutable { mine(error_code()); });
  }
}

void ByteStream::say_goodbye(DoneHandler handler) {
  if (secure_) {
    secure_->async_shutdown(std::move(handler));
  } else {
    error_code error;
    socket().shutdown(Socket::shutdown_send, error);
    asio::post(get_executor(), [mine = std::move(handler), error]() mutable { mine(error); });
  }
}

Result<ByteStream::TlsContext> client_tls(const std::string& authority_file) {
  auto out = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code error;
  if (authority_file.empty()) {
    out->set_default_verify_paths(error);
  } else {
    out->load_verify_file(authority_file, error);
  }
  if (error) {
    return fail(ErrorCode::invalid_argument, "authority file {} cannot be used: {}", authority_file,
                error.message());
  }
  out->set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_min_proto_version(out->native_handle(), TLS1_2_VERSION);
  return out;
}

void teardown(boost::beast::role_type, ByteStream& stream, error_code& error) {
  stream.socket().shutdown(ByteStream::Socket::shutdown_both, error);
}

void beast_close_socket(ByteStream& stream) {
  error_code ignored;
  stream.socket().close(ignored);
}

}  // namespace peering::http
