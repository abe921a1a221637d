#include "http/client.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <poll.h>

#include "http/addresses.h"
#include "http/byte_stream.h"
#include "http/server.h"
#include "http/url.h"

namespace peering::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::system::error_code;
using Parser = wire::response_parser<wire::string_body>;

std::string authority_of(const Url& url) {
  return (url.secure ? "https://" : "http://") + url.host + ":" + url.port;
}

wire::verb verb_of(Method method) {
  switch (method) {
    case Method::get:
      return wire::verb::get;
    case Method::head:
      return wire::verb::head;
    case Method::put:
      return wire::verb::put;
    case Method::post:
      return wire::verb::post;
    case Method::patch:
      return wire::verb::patch;
    case Method::delete_:
      return wire::verb::delete_;
    case Method::options:
      return wire::verb::options;
    case Method::other:
      return wire::verb::get;
  }
  return wire::verb::get;
}

wire::request<wire::string_body> message_of(const ClientRequest& request, const Url& url) {
  wire::request<wire::string_body> out(verb_of(request.method), url.target, 11);
  out.set(wire::field::host, url.host_header());
  out.set(wire::field::user_agent, "peering/0.1");
  for (const auto& [name, value] : request.headers.all()) out.erase(name);
  for (const auto& [name, value] : request.headers.all()) out.insert(name, value);
  out.body() = request.body;
  out.prepare_payload();
  return out;
}

// Sending twice does no more than sending once (RFC 9110 section 9.2.2).
bool may_repeat(const ClientRequest& request) {
  return (request.method != Method::post && request.method != Method::patch &&
          request.method != Method::other) ||
         request.headers.get("Idempotency-Key").has_value();
}

Result<void> check_headers(const Headers& headers) {
  for (const auto& [name, value] : headers.all()) {
    const auto is_control = [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    };
    if (name.empty() ||
        std::any_of(name.begin(), name.end(), [](char c) { return c <= 0x20 || c >= 0x7f || c == ':'; }))
      return tl::unexpected(invalid("header", name, "a name of visible ASCII without ':'"));
    if (std::any_of(value.begin(), value.end(), is_control))
      return tl::unexpected(invalid("header " + name, value, "no control characters"));
  }
  return {};
}

Response response_of(const wire::response<wire::string_body>& message) {
  Response out;
  out.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    out.headers.add({field.name_string().data(), field.name_string().size()},
                    {field.value().data(), field.value().size()});
  }
  out.body = message.body();
  return out;
}

}  // namespace

struct Client::State {
  explicit State(ClientOptions given) : options(std::move(given)) {}

  ClientOptions options;
  asio::io_context context;
  ByteStream::TlsContext tls;
  std::optional<ByteStream> stream;
  std::string connected_to;
  beast::flat_buffer buffer;
  std::atomic<bool> cancelled{false};

  void close_socket() {
    error_code ignored;
    if (stream) stream->socket().close(ignored);
  }

  void disconnect() {
    close_socket();
    stream.reset();
    connected_to.clear();
    buffer.clear();
  }

  // Runs one asynchronous operation to its end or closes the socket when the time is over.
  template <class Start>
  Result<void> wait(std::chrono::milliseconds timeout, std::string_view what, Start start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    context.restart();
    // A `cancel` after this look stops the context that has just been made ready to run.
    if (!cancelled) context.run_for(timeout);
    if (!result) {
      close_socket();
      // The operation ends now, and must before `result` goes; a `cancel` may stop the context meanwhile.
      while (!result) {
        context.restart();
        context.run();
      }
      if (cancelled) return fail(ErrorCode::unavailable, "{} was cancelled", what);
      return fail(ErrorCode::timeout, "{} took longer than {} ms", what, timeout.count());
    }
    if (*result == wire::error::body_limit) {
      return fail(ErrorCode::limit_exceeded, "the response is larger than {} bytes",
                  options.response_bytes_max);
    }
    if (*result) return fail(ErrorCode::unavailable, "{}: {}", what, result->message());
    return {};
  }

  Result<void> open_stream(bool secure) {
    if (secure && !tls) {
      auto made = client_tls(options.authority_file);
      if (!made) return tl::unexpected(made.error());
      tls = *made;
    }
    stream.emplace(asio::ip::tcp::socket(context), secure ? tls : nullptr);
    return {};
  }

  bool may_connect(const asio::ip::address& address) const {
    return !options.allow_address || options.allow_address(address_of(address));
  }

  Result<void> connect(const Url& url) {
    disconnect();
    if (auto opened = open_stream(url.secure); !opened) return opened;
    error_code error;
    asio::ip::tcp::resolver resolver(context);
    const auto found = resolver.resolve(loopback_name(url.host), url.port, error);
    if (error) return fail(ErrorCode::unavailable, "{} cannot be resolved: {}", url.host, error.message());
    std::vector<asio::ip::tcp::endpoint> allowed;
    for (const auto& entry : found) {
      if (may_connect(entry.endpoint().address())) allowed.push_back(entry.endpoint());
    }
    if (allowed.empty()) {
      return fail(ErrorCode::permission_denied, "{} has no address that may be connected to", url.host);
    }
    const std::string what = "connecting to " + authority_of(url);
    auto done = wait(options.connect_timeout, what, [&](auto handler) {
      asio::async_connect(stream->socket(), allowed, std::move(handler));
    });
    if (done && url.secure) done = handshake(url);
    if (!done) {
      disconnect();
      return done;
    }
    stream->socket().set_option(asio::ip::tcp::no_delay(true), error);
    connected_to = authority_of(url);
    return {};
  }

  Result<void> handshake(const Url& url) {
    stream->expect_host(url.host);
    return wait(options.connect_timeout, "the TLS handshake with " + authority_of(url), [&](auto handler) {
      stream->async_handshake(asio::ssl::stream_base::client, std::move(handler));
    });
  }

  Result<void> write(wire::request<wire::string_body>& message) {
    return wait(options.response_timeout, "sending the request",
                [&](auto handler) { wire::async_write(*stream, message, std::move(handler)); });
  }

  Result<void> read_head(Parser& parser) {
    return wait(options.response_timeout, "waiting for the response",
                [&](auto handler) { wire::async_read_header(*stream, buffer, parser, std::move(handler)); });
  }

  // The connection is open and silent: on an idle one, bytes are the server's goodbye.
  bool is_reusable(const Url& url) {
    if (connected_to != authority_of(url) || buffer.size() > 0) return false;
    pollfd look{stream->socket().native_handle(), POLLIN | POLLRDHUP, 0};
    return ::poll(&look, 1, 0) == 0;
  }

  // Passes over interim responses (RFC 9110 section 15.2) to the final one's head.
  Result<void> read_final_head(const ClientRequest& request, std::optional<Parser>& parser) {
    while (true) {
      parser.emplace();
      parser->body_limit(options.response_bytes_max);
      parser->skip(request.method == Method::head);
      auto done = read_head(*parser);
      if (!done || parser->get().result_int() >= 200) return done;
    }
  }

  // Sends and reads the head of the response. When the server closed the idle connection just before, a
  // request that may be repeated is sent once more on a new one.
  Result<void> begin(const ClientRequest& request, std::optional<Parser>& parser) {
    const auto url = parse_url(request.url, "http");
    if (!url) return tl::unexpected(url.error());
    if (auto good = check_headers(request.headers); !good) return good;
    auto message = message_of(request, *url);
    for (bool reused = is_reusable(*url);; reused = false) {
      if (!reused) {
        if (auto done = connect(*url); !done) return done;
      }
      auto done = write(message);
      if (done) done = read_final_head(request, parser);
      if (done) return done;
      const bool nothing_came = (!parser || !parser->got_some()) && buffer.size() == 0;
      disconnect();
      const bool again = reused && nothing_came && may_repeat(request);
      if (!again || done.error().code != ErrorCode::unavailable) return done;
    }
  }
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() { state_->disconnect(); }

Result<Response> Client::send(const ClientRequest& request) {
  std::optional<Parser> parser;
  auto done = state_->begin(request, parser);
  if (done && !parser->is_done()) {
    done = state_->wait(state_->options.response_timeout, "reading the response", [&](auto handler) {
      wire::async_read(*state_->stream, state_->buffer, *parser, std::move(handler));
    });
  }
  if (!done) {
    state_->disconnect();
    return tl::unexpected(done.error());
  }
  if (!parser->keep_alive()) state_->disconnect();
  return response_of(parser->get());
}

Result<Response> Client::stream(const ClientRequest& request,
                                const std::function<bool(std::string_view)>& on_chunk) {
  std::optional<Parser> parser;
  if (auto done = state_->begin(request, parser); !done) return tl::unexpected(done.error());
  parser->body_limit(boost::none);
  bool wanted = true;
  const auto hand_out = [&] {
    std::string& body = parser->get().body();
    if (!body.empty()) wanted = on_chunk(body);
    body.clear();
  };
  constexpr std::chrono::hours no_timeout{24 * 365};
  while (wanted && !parser->is_done()) {
    const auto done = state_->wait(no_timeout, "reading the stream", [&](auto handler) {
      wire::async_read_some(*state_->stream, state_->buffer, *parser, std::move(handler));
    });
    if (!done) {
      state_->disconnect();
      return tl::unexpected(done.error());
    }
    hand_out();
  }
  hand_out();
  state_->disconnect();
  return response_of(parser->get());
}

void Client::cancel() {
  state_->cancelled = true;
  state_->context.stop();
}

}  // namespace peering::http
