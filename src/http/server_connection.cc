#include "http/server_connection.h"

#include <chrono>
#include <deque>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "base/json.h"
#include "base/log.h"

namespace peering::http {

namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t target_bytes_max = 16 * 1024;
constexpr std::size_t sink_bytes_max = 64 * 1024;
constexpr std::size_t discarded_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t small_body_bytes = 1024 * 1024;
constexpr std::chrono::seconds write_time{30};
constexpr std::chrono::seconds handshake_time{10};
constexpr std::chrono::milliseconds discard_time{1000};
constexpr std::chrono::milliseconds budget_pause{20};

Method method_of(wire::verb verb) {
  switch (verb) {
    case wire::verb::get:
      return Method::get;
    case wire::verb::head:
      return Method::head;
    case wire::verb::put:
      return Method::put;
    case wire::verb::post:
      return Method::post;
    case wire::verb::patch:
      return Method::patch;
    case wire::verb::delete_:
      return Method::delete_;
    case wire::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

Response error_response(int status, std::string_view code, std::string_view message) {
  Response out;
  out.status = status;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  const json::value body{{"error", {{"code", code}, {"message", message}}}};
  out.body = json::serialize(body);
  return out;
}

// A refusal made before any handler ran; the connection ends with it.
struct Refusal {
  int status;
  std::string_view code, reason;
  std::string message;
};

// Where a streamed body waits for its connection. The connection is woken through its strand.
class StreamSink final : public BodySink {
 public:
  explicit StreamSink(asio::any_io_executor executor)
      : wake_(executor, Clock::time_point::max()), executor_(std::move(executor)) {}

  bool write(std::string chunk) override {
    {
      const std::lock_guard lock(mutex_);
      if (ended_ || waiting_bytes_ + chunk.size() > sink_bytes_max) {
        ended_ = true;
        gone_ = true;
      } else if (!chunk.empty()) {
        waiting_bytes_ += chunk.size();
        waiting_.push_back(std::move(chunk));
      }
    }
    wake();
    const std::lock_guard lock(mutex_);
    return !gone_;
  }

  void close() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake();
  }

  // What the connection sees.
  struct Piece {
    std::string bytes;
    bool ended = false, gone = false;
  };
  Piece take() {
    const std::lock_guard lock(mutex_);
    Piece out;
    for (std::string& chunk : waiting_) out.bytes += chunk;
    waiting_.clear();
    waiting_bytes_ = 0;
    out.ended = ended_;
    out.gone = gone_;
    return out;
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    ended_ = gone_ = true;
  }
  asio::steady_timer& waker() { return wake_; }

 private:
  void wake() {
    asio::post(executor_, [self = shared_]() {
      if (const auto sink = self.lock()) sink->wake_.cancel();
    });
  }

 public:
  std::weak_ptr<StreamSink> shared_;

 private:
  std::mutex mutex_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool ended_ = false, gone_ = false;
  asio::steady_timer wake_;
  asio::any_io_executor executor_;
};

std::shared_ptr<StreamSink> make_sink(const asio::any_io_executor& executor) {
  auto sink = std::make_shared<StreamSink>(executor);
  sink->shared_ = sink;
  return sink;
}

// The result of a handler on its way back from a worker to the connection's strand.
struct Job {
  explicit Job(const asio::any_io_executor& executor) : done(executor, Clock::time_point::max()) {}
  asio::steady_timer done;
  Request request;
  Response response;
  bool finished = false;
};

Response run_handler(const ServerShared& shared, const Request& request) {
  try {
    return shared.handler(request);
  } catch (const std::exception& failure) {
    log::error("a handler ended with an exception: {}", failure.what());
    return error_response(500, "InternalServerError", "The request could not be processed.");
  }
}

template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(SharedPointer shared, Stream stream, net::Address client)
      : shared_(std::move(shared)),
        stream_(std::move(stream)),
        client_(client),
        timer_(stream_.get_executor()),
        buffer_(shared_->limits.head_bytes_max + small_body_bytes) {}

  ~Connection() { shared_->release(client_); }

  void start() {
    const auto run = [self = this->shared_from_this()]() { return self->serve(); };
    asio::co_spawn(stream_.get_executor(), run, asio::detached);
  }

 private:
  static constexpr bool secure = !std::is_same_v<Stream, Socket>;

  Socket& socket() {
    if constexpr (secure) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // Cancels what the socket does when the time is over; the connection can still answer then.
  void set_deadline(Clock::time_point at) {
    expired_ = false;
    timer_.expires_at(at);
    const std::size_t round = ++round_;
    timer_.async_wait([self = this->shared_from_this(), round](error_code error) {
      if (error || round != self->round_) return;
      self->expired_ = true;
      error_code ignored;
      self->socket().cancel(ignored);
    });
  }
  void set_deadline(Clock::duration after) { set_deadline(Clock::now() + after); }
  void clear_deadline() {
    ++round_;
    timer_.cancel();
  }

  void set_idle(bool idle) {
    const std::lock_guard lock(shared_->mutex);
    if (idle) {
      shared_->sockets.insert(&socket());
    } else {
      shared_->sockets.erase(&socket());
    }
  }

  asio::awaitable<void> serve() {
    bool usable = true;
    if constexpr (secure) {
      error_code error;
      set_deadline(handshake_time);
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, token);
      usable = !error;
      if (error) shared_->count_rejection("tls_handshake");
    }
    while (usable && !shared_->stopping) {
      usable = co_await one_request();
    }
    clear_deadline();
    if constexpr (secure) {
      error_code error;
      set_deadline(discard_time);
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await stream_.async_shutdown(token);
      clear_deadline();
    }
    error_code ignored;
    socket().shutdown(Socket::shutdown_both, ignored);
    socket().close(ignored);
  }

  // Waits for the first byte of a request; false when none comes.
  asio::awaitable<bool> wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    error_code error;
    set_idle(true);
    set_deadline(shared_->limits.keep_alive);
    auto space = buffer_.prepare(4096);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const std::size_t count = co_await stream_.async_read_some(space, token);
    set_idle(false);
    buffer_.commit(count);
    const bool got = !error && count > 0;
    co_return got;
  }

  // True when the connection can take another request.
  asio::awaitable<bool> one_request() {
    const bool begun = co_await wait_for_request();
    if (!begun) co_return false;
    wire::request_parser<wire::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_->limits.head_bytes_max));
    parser.body_limit(boost::none);
    refusal_.reset();
    const bool head = co_await read_head(parser);
    if (!head) co_return false;
    const bool body = co_await read_body(parser);
    if (!body) co_return false;
    co_return co_await answer(parser);
  }

  asio::awaitable<bool> read_head(wire::request_parser<wire::string_body>& parser) {
    error_code error;
    set_deadline(shared_->limits.head_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await wire::async_read_header(stream_, buffer_, parser, token);
    clear_deadline();
    if (!error && parser.get().target().size() <= target_bytes_max) co_return true;
    if (!error) {
      refuse(414, "RequestUriTooLong", "target",
             fmt::format("The request target has {} bytes; the limit is {}.", parser.get().target().size(),
                         target_bytes_max));
    } else if (expired_) {
      refuse(408, "RequestTimeout", "head_time",
             fmt::format("The request head did not arrive within {} s.", shared_->limits.head_time.count()));
    } else if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
      refuse_long_head(!parser.get().target().empty());
    } else if (error.category() == wire::make_error_code(wire::error::bad_method).category() &&
               error != wire::error::end_of_stream && error != wire::error::partial_message) {
      refuse(400, "BadRequest", "malformed", fmt::format("The request is no HTTP/1.1: {}.", error.message()));
    }
    co_await send_refusal();
    co_return false;
  }

  // The request line alone over the limit is a long target, otherwise it is the fields.
  void refuse_long_head(bool request_line_was_read) {
    if (!request_line_was_read) {
      refuse(414, "RequestUriTooLong", "target",
             fmt::format("The request target is longer than {} bytes.", target_bytes_max));
    } else {
      refuse(431, "RequestHeaderFieldsTooLarge", "head_bytes",
             fmt::format("The request head is larger than {} bytes.", shared_->limits.head_bytes_max));
    }
  }

  std::size_t body_limit(const wire::request<wire::string_body>& request) const {
    const std::string_view target(request.target().data(), request.target().size());
    const bool samples = target.substr(0, target.find('?')) == "/telemetry/samples";
    return samples ? shared_->limits.samples_body_bytes_max : shared_->limits.body_bytes_max;
  }

  void refuse_size(std::uint64_t size, std::size_t limit) {
    refuse(413, "RequestEntityTooLarge", "body_bytes",
           fmt::format("The request body has {}{} bytes; the limit is {}.", size == 0 ? "more than " : "",
                       size == 0 ? limit : size, limit));
  }

  asio::awaitable<bool> read_body(wire::request_parser<wire::string_body>& parser) {
    const std::size_t limit = body_limit(parser.get());
    const auto length = parser.content_length();
    if (length && *length > limit) refuse_size(*length, limit);
    if (!refusal_ && beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
      const bool sent = co_await send_continue();
      if (!sent) co_return false;
    }
    if (!refusal_) co_await read_body_pieces(parser, limit);
    if (!refusal_ && parser.is_done()) co_return true;
    shared_->body_bytes -= std::exchange(held_bytes_, 0);
    co_await send_refusal();
    co_return false;
  }

  asio::awaitable<bool> send_continue() {
    error_code error;
    static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    set_deadline(write_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const auto bytes = asio::buffer(text.data(), text.size());
    co_await asio::async_write(stream_, bytes, token);
    co_return !error;
  }

  asio::awaitable<void> read_body_pieces(wire::request_parser<wire::string_body>& parser, std::size_t limit) {
    const auto& limits = shared_->limits;
    const auto length = parser.content_length();
    const bool small = length && *length < small_body_bytes;
    const auto all = small ? Clock::now() + limits.small_body_time : Clock::time_point::max();
    while (!parser.is_done()) {
      const bool room = co_await wait_for_budget();
      if (!room) co_return;
      error_code error;
      set_deadline(std::min(Clock::now() + limits.body_gap, all));
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await wire::async_read_some(stream_, buffer_, parser, token);
      clear_deadline();
      const std::size_t now_held = parser.get().body().size();
      shared_->body_bytes += now_held - held_bytes_;
      held_bytes_ = now_held;
      if (now_held > limit) {
        refuse_size(0, limit);
        co_return;
      }
      if (error && expired_) {
        refuse(408, "RequestTimeout", "body_time", "The request body did not arrive in time.");
        co_return;
      }
      if (error) co_return;
    }
  }

  // Bodies of all connections share one budget; a reader waits for it, so that the client's TCP waits.
  asio::awaitable<bool> wait_for_budget() {
    const auto give_up = Clock::now() + shared_->limits.body_gap;
    while (shared_->body_bytes > shared_->limits.bodies_bytes_max && held_bytes_ < small_body_bytes) {
      if (Clock::now() > give_up || shared_->stopping) {
        refuse(503, "ServiceUnavailable", "bodies_bytes", "Too much data is being received; try again.");
        co_return false;
      }
      asio::steady_timer pause(stream_.get_executor(), budget_pause);
      error_code error;
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await pause.async_wait(token);
    }
    co_return true;
  }

  asio::awaitable<bool> answer(wire::request_parser<wire::string_body>& parser) {
    const bool keep = parser.get().keep_alive();
    auto job = std::make_shared<Job>(stream_.get_executor());
    fill(job->request, parser.release());
    const auto started = Clock::now();
    const Method method = job->request.method;
    if (!submit(job)) {
      job->response = error_response(503, "ServiceUnavailable", "The server is busy; try again.");
      job->response.headers.set("Retry-After", "1");
      shared_->count_rejection("workers");
      job->finished = true;
    }
    while (!job->finished) {
      error_code ignored;
      auto token = asio::redirect_error(asio::use_awaitable, ignored);
      co_await job->done.async_wait(token);
    }
    shared_->body_bytes -= std::exchange(held_bytes_, 0);
    shared_->count_request(method, job->response.status,
                           std::chrono::duration<double>(Clock::now() - started).count());
    const bool stay = keep && !shared_->stopping && !job->response.stream;
    const bool sent = co_await send(job->response, method == Method::head, stay);
    if (sent && job->response.stream && method != Method::head) co_await send_stream(job);
    const bool again = sent && stay;
    co_return again;
  }

  void fill(Request& out, wire::request<wire::string_body> message) {
    out.method = method_of(message.method());
    out.target = std::string(message.target().data(), message.target().size());
    for (const auto& field : message) {
      out.headers.add({field.name_string().data(), field.name_string().size()},
                      {field.value().data(), field.value().size()});
    }
    out.body = std::move(message.body());
    out.remote = client_;
    out.secure = secure;
  }

  bool submit(const std::shared_ptr<Job>& job) {
    return shared_->workers.submit([job, shared = shared_, executor = stream_.get_executor()] {
      Response response = run_handler(*shared, job->request);
      asio::post(executor, [job, made = std::move(response)]() mutable {
        job->response = std::move(made);
        job->finished = true;
        job->done.cancel();
      });
    });
  }

  asio::awaitable<bool> send(const Response& response, bool head, bool stay) {
    wire::response<wire::string_body> message(static_cast<wire::status>(response.status), 11);
    for (const auto& [name, value] : response.headers.all()) message.insert(name, value);
    message.keep_alive(stay);
    if (response.stream) {
      message.chunked(true);
    } else {
      message.body() = response.body;
      message.prepare_payload();
    }
    wire::response_serializer<wire::string_body> serializer(message);
    error_code error;
    set_deadline(write_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    if (head || response.stream) {
      co_await wire::async_write_header(stream_, serializer, token);
    } else {
      co_await wire::async_write(stream_, serializer, token);
    }
    clear_deadline();
    co_return !error;
  }

  asio::awaitable<void> send_stream(std::shared_ptr<Job> job) {
    auto sink = make_sink(stream_.get_executor());
    const auto begin = [job, sink] { job->response.stream(sink); };
    if (!shared_->workers.submit(begin)) co_return;
    set_idle(true);
    bool alive = true;
    while (alive && !shared_->stopping) {
      const StreamSink::Piece piece = sink->take();
      if (piece.gone) break;
      if (!piece.bytes.empty()) {
        alive = co_await send_chunk(piece.bytes);
      } else if (piece.ended) {
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const auto last = wire::make_chunk_last();
        co_await asio::async_write(stream_, last, token);
        break;
      } else {
        error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        sink->waker().expires_after(std::chrono::seconds(1));
        co_await sink->waker().async_wait(token);
      }
    }
    set_idle(false);
    sink->abandon();
  }

  asio::awaitable<bool> send_chunk(const std::string& bytes) {
    error_code error;
    set_deadline(write_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const auto body = asio::buffer(bytes);
    const auto chunk = wire::make_chunk(body);
    co_await asio::async_write(stream_, chunk, token);
    clear_deadline();
    co_return !error;
  }

  void refuse(int status, std::string_view code, std::string_view reason, std::string message) {
    refusal_ = Refusal{status, code, reason, std::move(message)};
  }

  // Answers, then reads on for a moment: a client that still sends would otherwise lose the answer to a
  // reset.
  asio::awaitable<void> send_refusal() {
    if (!refusal_) co_return;
    shared_->count_rejection(refusal_->reason);
    const Response response = error_response(refusal_->status, refusal_->code, refusal_->message);
    const bool sent = co_await send(response, false, false);
    if (!sent) co_return;
    if constexpr (!secure) {
      error_code ignored;
      socket().shutdown(Socket::shutdown_send, ignored);
    }
    std::array<char, 16384> rubbish;
    std::size_t total = 0;
    set_deadline(discard_time);
    while (total < discarded_bytes_max) {
      error_code error;
      auto token = asio::redirect_error(asio::use_awaitable, error);
      const auto space = asio::buffer(rubbish);
      total += co_await stream_.async_read_some(space, token);
      if (error) break;
    }
    clear_deadline();
  }

  SharedPointer shared_;
  Stream stream_;
  net::Address client_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<Refusal> refusal_;
  std::size_t held_bytes_ = 0;
  std::size_t round_ = 0;
  bool expired_ = false;
};

struct TlsStream : asio::ssl::stream<Socket> {
  TlsStream(Socket socket, std::shared_ptr<asio::ssl::context> tls)
      : asio::ssl::stream<Socket>(std::move(socket), *tls), context(std::move(tls)) {}
  std::shared_ptr<asio::ssl::context> context;
};

}  // namespace

void serve_plain(SharedPointer shared, Socket socket, net::Address client) {
  std::make_shared<Connection<Socket>>(std::move(shared), std::move(socket), client)->start();
}

void serve_tls(SharedPointer shared, Socket socket, net::Address client,
               std::shared_ptr<asio::ssl::context> context) {
  TlsStream stream(std::move(socket), std::move(context));
  std::make_shared<Connection<TlsStream>>(std::move(shared), std::move(stream), client)->start();
}

}  // namespace peering::http
