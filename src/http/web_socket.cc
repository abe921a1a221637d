#include "http/web_socket.h"

#include <atomic>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "http/byte_stream.h"
#include "http/server.h"
#include "http/url.h"

namespace peering::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using Stream = websocket::stream<ByteStream>;
using Clock = std::chrono::steady_clock;

}  // namespace

struct WebSocket::State {
  explicit State(WebSocketOptions given) : options(std::move(given)) {}
  ~State() { disconnect(); }

  const WebSocketOptions options;
  asio::io_context context;
  ByteStream::TlsContext tls;
  std::optional<Stream> stream;
  beast::flat_buffer buffer;
  bool reading = false;                // a read is under way; it may outlast a `receive`
  std::optional<error_code> read_end;  // it ended, with this
  std::atomic<bool> cancelled{false};

  bool is_open() const { return stream.has_value(); }
  ByteStream::Socket& socket() { return stream->next_layer().socket(); }

  // Runs what is under way until `done`, the time is over and nothing is ready, or someone cancels.
  template <class Done>
  void run_until(Clock::time_point deadline, Done done) {
    while (!done() && !cancelled) {
      context.restart();
      // A `cancel` after this look stops the context that has just been made ready to run.
      if (cancelled || context.run_one_until(deadline) > 0) continue;
      if (Clock::now() < deadline) continue;
      context.restart();
      if (context.poll_one() == 0) return;
    }
  }

  void disconnect() {
    if (!is_open()) return;
    error_code ignored;
    socket().close(ignored);
    // What was under way ends now, and must before its memory goes; a `cancel` may stop the context
    // meanwhile.
    while (reading) {
      context.restart();
      context.run_one();
    }
    stream.reset();
    buffer.clear();
    read_end.reset();
  }

  // Runs one operation to its end; when the time is over or it fails, the connection is closed.
  template <class Start>
  Result<void> wait(std::chrono::milliseconds timeout, std::string_view what, Start start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    run_until(Clock::now() + timeout, [&] { return result.has_value(); });
    const bool in_time = result.has_value();
    if (!in_time) {
      error_code ignored;
      socket().close(ignored);
      while (!result) {
        context.restart();
        context.run_one();
      }
    }
    if (in_time && !*result) return {};
    disconnect();
    if (cancelled) return fail(ErrorCode::unavailable, "{} was cancelled", what);
    if (!in_time) return fail(ErrorCode::timeout, "{} took longer than {} ms", what, timeout.count());
    return fail(ErrorCode::unavailable, "{}: {}", what, result->message());
  }

  Result<void> open_stream(bool secure) {
    if (secure && !tls) {
      auto made = client_tls(options.authority_file);
      if (!made) return tl::unexpected(made.error());
      tls = *made;
    }
    stream.emplace(asio::ip::tcp::socket(context), secure ? tls : nullptr);
    stream->read_message_max(options.message_bytes_max);
    stream->set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(beast::http::field::user_agent, "peering/0.1");
    }));
    return {};
  }

  Result<void> connect(const Url& url) {
    if (auto opened = open_stream(url.secure); !opened) return opened;
    error_code error;
    asio::ip::tcp::resolver resolver(context);
    const auto found = resolver.resolve(loopback_name(url.host), url.port, error);
    if (error) return fail(ErrorCode::unavailable, "{} cannot be resolved: {}", url.host, error.message());
    auto done = wait(options.connect_timeout, "connecting to " + url.host_header(),
                     [&](auto handler) { asio::async_connect(socket(), found, std::move(handler)); });
    if (!done) return done;
    socket().set_option(asio::ip::tcp::no_delay(true), error);
    socket().set_option(asio::socket_base::keep_alive(true), error);
    if (url.secure) done = shake_hands_tls(url);
    if (!done) return done;
    return wait(
        options.connect_timeout, "the WebSocket handshake with " + url.host_header(),
        [&](auto handler) { stream->async_handshake(url.host_header(), url.target, std::move(handler)); });
  }

  Result<void> shake_hands_tls(const Url& url) {
    auto& layer = stream->next_layer();
    layer.expect_host(url.host);
    return wait(options.connect_timeout, "the TLS handshake with " + url.host_header(), [&](auto handler) {
      layer.async_handshake(asio::ssl::stream_base::client, std::move(handler));
    });
  }

  void start_reading() {
    if (reading || read_end) return;
    buffer.clear();
    reading = true;
    stream->async_read(buffer, [this](error_code error, std::size_t) {
      reading = false;
      read_end = error;
    });
  }
};

WebSocket::WebSocket(WebSocketOptions options) : state_(std::make_unique<State>(std::move(options))) {}
WebSocket::~WebSocket() = default;

Result<void> WebSocket::connect(std::string_view text) {
  state_->disconnect();
  const auto url = parse_url(text, "ws");
  if (!url) return tl::unexpected(url.error());
  auto done = state_->connect(*url);
  if (!done) state_->disconnect();
  return done;
}

Result<void> WebSocket::send(std::string_view text) {
  if (!state_->is_open()) return fail(ErrorCode::unavailable, "not connected");
  return state_->wait(state_->options.send_timeout, "sending a message", [&](auto handler) {
    state_->stream->text(true);
    state_->stream->async_write(asio::buffer(text.data(), text.size()), std::move(handler));
  });
}

Result<std::optional<std::string_view>> WebSocket::receive(std::chrono::milliseconds timeout) {
  State& s = *state_;
  if (!s.is_open()) return fail(ErrorCode::unavailable, "not connected");
  s.start_reading();
  s.run_until(Clock::now() + timeout, [&] { return s.read_end.has_value(); });
  if (s.cancelled) {
    s.disconnect();
    return fail(ErrorCode::unavailable, "reading a message was cancelled");
  }
  if (!s.read_end) return std::optional<std::string_view>();
  const error_code end = *std::exchange(s.read_end, std::nullopt);
  if (end) {
    s.disconnect();
    if (end == websocket::error::message_too_big) {
      return fail(ErrorCode::limit_exceeded, "a message is longer than {} bytes",
                  s.options.message_bytes_max);
    }
    return fail(ErrorCode::unavailable, "reading a message: {}", end.message());
  }
  const auto data = s.buffer.cdata();
  return std::string_view(static_cast<const char*>(data.data()), data.size());
}

void WebSocket::disconnect() { state_->disconnect(); }

void WebSocket::cancel() {
  state_->cancelled = true;
  state_->context.stop();
}

}  // namespace peering::http
