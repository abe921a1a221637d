// A TCP connection, plain or TLS, as one type of stream.
//
// Beast's and Asio's operations are templates of the stream and of the handler, and slow to compile: TLS most
// of all. So there is one stream, which says at run time what it is, and one handler, whose type is erased
// (the price is an allocation an operation): client, WebSocket and server instantiate each operation once,
// and TLS is compiled in this class's file only. A handler runs where the socket's operations end, on the
// socket's executor.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/role.hpp>

#include "base/result.h"

namespace peering::http {

/// What runs when an operation ends, with its type erased; called once at most.
template <class... Arguments>
class Completion {
 public:
  template <class Handler>
  static Completion of(Handler handler) {
    Completion out;
    out.work_ = std::make_unique<Work<Handler>>(std::move(handler));
    return out;
  }
  void operator()(Arguments... arguments) {
    const auto work = std::move(work_);
    work->run(arguments...);
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void run(Arguments... arguments) = 0;
  };
  template <class Handler>
  struct Work final : Base {
    explicit Work(Handler given) : handler(std::move(given)) {}
    void run(Arguments... arguments) override { handler(arguments...); }
    Handler handler;
  };
  std::unique_ptr<Base> work_;
};

/// An AsyncStream of Asio. Used by one thread, or on one strand.
class ByteStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;
  using IoHandler = Completion<boost::system::error_code, std::size_t>;
  using DoneHandler = Completion<boost::system::error_code>;
  using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

  /// TLS when there is a context. A server's socket is connected, a client's may be later.
  ByteStream(Socket socket, TlsContext tls);
  ~ByteStream();
  ByteStream(ByteStream&&) noexcept;
  ByteStream& operator=(ByteStream&&) = delete;

  bool is_secure() const { return tls_ != nullptr; }
  Socket& socket();
  executor_type get_executor();
  /// A client's checks: the certificate is for this host, which the server is told (RFC 6066).
  void expect_host(const std::string& host);

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [](auto handler, ByteStream* self, const Pieces<boost::asio::mutable_buffer>& pieces) {
          self->read_some(pieces, IoHandler::of(std::move(handler)));
        },
        token, this, pieces_of<boost::asio::mutable_buffer>(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [](auto handler, ByteStream* self, const Pieces<boost::asio::const_buffer>& pieces) {
          self->write_some(pieces, IoHandler::of(std::move(handler)));
        },
        token, this, pieces_of<boost::asio::const_buffer>(buffers));
  }
  /// Writes what the socket takes without waiting, with `would_block` when that is nothing; over TLS that is
  /// always so. Gives the number of bytes.
  template <class Buffers>
  std::size_t write_now(const Buffers& buffers, boost::system::error_code& error) {
    return write_some_now(pieces_of<boost::asio::const_buffer>(buffers), error);
  }
  /// Without TLS these do nothing, and end at once.
  template <class Token>
  auto async_handshake(boost::asio::ssl::stream_base::handshake_type side, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, ByteStream* self, boost::asio::ssl::stream_base::handshake_type given) {
          self->shake_hands(given, DoneHandler::of(std::move(handler)));
        },
        token, this, side);
  }
  template <class Token>
  auto async_shutdown(Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, ByteStream* self) { self->say_goodbye(DoneHandler::of(std::move(handler))); }, token,
        this);
  }

 private:
  static constexpr std::size_t pieces_max = 16;
  // As many buffers as one operation takes; what is left over is for the next.
  template <class Buffer>
  struct Pieces {
    std::array<Buffer, pieces_max> buffers;
    std::size_t count = 0;
    const Buffer* begin() const { return buffers.data(); }
    const Buffer* end() const { return buffers.data() + count; }
  };

  template <class Buffer, class Buffers>
  static Pieces<Buffer> pieces_of(const Buffers& buffers) {
    Pieces<Buffer> out;
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end && out.count < pieces_max; ++it) {
      const Buffer piece(*it);
      if (piece.size() > 0) out.buffers[out.count++] = piece;
    }
    return out;
  }

  void read_some(const Pieces<boost::asio::mutable_buffer>& pieces, IoHandler handler);
  void write_some(const Pieces<boost::asio::const_buffer>& pieces, IoHandler handler);
  std::size_t write_some_now(const Pieces<boost::asio::const_buffer>& pieces,
                             boost::system::error_code& error);
  void shake_hands(boost::asio::ssl::stream_base::handshake_type side, DoneHandler handler);
  void say_goodbye(DoneHandler handler);

  struct Secure;
  TlsContext tls_;  // outlives what is made of it
  std::unique_ptr<Secure> secure_;
  std::unique_ptr<Socket> plain_;
};

/// Verifies servers by the PEM file, or by the system's authorities when it is empty; TLS 1.2 or later.
/// Errors: `invalid_argument`.
Result<ByteStream::TlsContext> client_tls(const std::string& authority_file);

/// What Beast's WebSocket asks of a stream, found by the stream's namespace: its end.
template <class Handler>
void async_teardown(boost::beast::role_type, ByteStream& stream, Handler&& handler) {
  stream.async_shutdown(std::forward<Handler>(handler));
}
void teardown(boost::beast::role_type role, ByteStream& stream, boost::system::error_code& error);
void beast_close_socket(ByteStream& stream);

}  // namespace peering::http
