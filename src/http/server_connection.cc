#include "http/server_connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <poll.h>

#include "base/log.h"
#include "http/addresses.h"
#include "http/job.h"
#include "http/refusal.h"
#include "http/request_head.h"
#include "http/response_head.h"
#include "http/stream_channel.h"

namespace peering::http {

namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t discarded_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t mebibyte = 1024 * 1024;
// A response may take `write_time`, and a second more for each `slow_bytes_per_s`; the same between two of
// its pieces.
constexpr std::chrono::seconds write_time{30};
constexpr std::size_t slow_bytes_per_s = 16 * 1024;
constexpr std::chrono::seconds handshake_time{10};
constexpr std::chrono::milliseconds discard_time{1000};
constexpr std::chrono::milliseconds budget_pause{50};
constexpr std::chrono::milliseconds expire_again{50};
constexpr std::chrono::seconds follower_look{1};
constexpr Clock::time_point never = Clock::time_point::max();

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

Response handler_failed() {
  return error_response(500, "InternalServerError", "The request could not be processed.");
}

Response run_handler(const ServerShared& shared, const Request& request) {
  try {
    return shared.handler(request);
  } catch (const std::exception& failure) {
    log::error("a handler ended with an exception: {}", failure.what());
  } catch (...) {
    log::error("a handler ended with an exception of an unknown kind");
  }
  return handler_failed();
}

// Gives the handler's response to `finish`, now or later.
void answer_job(const ServerShared& shared, const Request& request, std::function<void(Response)> finish) {
  Response response = run_handler(shared, request);
  if (!response.later) return finish(std::move(response));
  response.later(std::move(finish));
}

void run_stream(const Response& response, std::shared_ptr<BodySink> sink) {
  try {
    response.stream(std::move(sink));
  } catch (const std::exception& failure) {
    log::error("a streaming handler ended with an exception: {}", failure.what());
  }
}

// However the coroutine ends, also when its io_context goes while it waits.
struct AbandonAtEnd {
  StreamChannel& channel;
  ~AbandonAtEnd() { channel.abandon(); }
};

class Connection final : public Interruptible, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<Admission> admission, ByteStream stream)
      : admission_(std::move(admission)),
        shared_(admission_->shared),
        stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        waker_(stream_.get_executor()),
        buffer_(std::max(shared_->limits.head_bytes_max, body_piece_bytes_max) + body_piece_bytes_max) {
    share_.client = client_of(admission_->client);
  }

  ~Connection() override {
    shared_->bodies.release(share_);
    shared_->stop_waiting(ticket_);
    shared_->leave(weak_from_this());
  }

  void start() {
    shared_->enter(weak_from_this());
    const auto run = [self = shared_from_this()]() { return self->serve(); };
    asio::co_spawn(stream_.get_executor(), run, asio::detached);
  }

  void make_room(std::uint64_t ticket) override {
    asio::post(stream_.get_executor(), [self = shared_from_this(), ticket] {
      if (self->ticket_ != ticket) return;
      self->shared_->count_rejection("room_for_others");
      self->leaving_ = true;
      error_code ignored;
      self->socket().shutdown(Socket::shutdown_both, ignored);
      self->waker_.cancel();
    });
  }

  void interrupt() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->answering_) return;
      error_code ignored;
      self->socket().cancel(ignored);
      self->waker_.cancel();
    });
  }

 private:
  using Parser = wire::request_parser<wire::string_body>;

  Socket& socket() { return stream_.socket(); }

  // Cancels what the socket does when the time is over; the connection can still answer then. A wait that
  // ends too early begins again: deadlines come and go with every request, and nearly always go unused.
  void set_deadline(Clock::time_point at) {
    expired_ = false;
    deadline_ = at;
    if (at < watched_until_) watch_deadline(at);
  }
  void set_deadline(Clock::duration after) { set_deadline(Clock::now() + after); }
  void clear_deadline() { deadline_ = never; }

  void watch_deadline(Clock::time_point until) {
    watched_until_ = until;
    timer_.expires_at(until);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (self && !error) self->look_at_deadline();
    });
  }

  void look_at_deadline() {
    watched_until_ = never;
    if (deadline_ == never) return;
    if (Clock::now() < deadline_) return watch_deadline(deadline_);
    expired_ = true;
    error_code ignored;
    socket().cancel(ignored);
    // A read that consists of many may have been between two of them, with nothing to cancel.
    watch_deadline(Clock::now() + expire_again);
  }

  // Wakes the coroutine when it waits for `waker_`; for other threads, at any time.
  std::function<void()> wake() {
    return [context = shared_->context, weak = weak_from_this()] {
      const auto alive = context.lock();
      if (!alive) return;
      if (const auto self = weak.lock()) {
        asio::post(self->stream_.get_executor(), [self] { self->waker_.cancel(); });
      }
    };
  }

  asio::awaitable<void> wait_for_wake(Clock::duration most) {
    error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    waker_.expires_after(most);
    co_await waker_.async_wait(token);
  }

  // Whoever waits for a client may have to make room.
  void wait_for_client() {
    shared_->stop_waiting(ticket_);
    ticket_ = shared_->begin_waiting(weak_from_this());
  }

  void stop_waiting() { shared_->stop_waiting(std::exchange(ticket_, 0)); }

  asio::awaitable<void> serve() {
    bool failed = false;
    try {
      wait_for_client();
      co_await serve_requests();
    } catch (const std::exception& failure) {
      log::error("an HTTP connection ended with an exception: {}", failure.what());
      failed = true;
    }
    clear_deadline();
    if (!failed) co_await say_goodbye();
    error_code ignored;
    socket().shutdown(Socket::shutdown_both, ignored);
    socket().close(ignored);
  }

  asio::awaitable<void> serve_requests() {
    bool usable = true;
    if (stream_.is_secure()) {
      error_code error;
      set_deadline(handshake_time);
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, token);
      clear_deadline();
      usable = !error;
      if (error) shared_->count_rejection("tls_handshake");
    }
    auto patience = std::min(shared_->limits.head_time, shared_->limits.keep_alive);
    while (usable && !shared_->stopping) {
      usable = co_await one_request(patience);
      patience = shared_->limits.keep_alive;
    }
  }

  asio::awaitable<void> say_goodbye() {
    if (stream_.is_secure()) {
      error_code error;
      set_deadline(discard_time);
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await stream_.async_shutdown(token);
      clear_deadline();
    }
    co_return;
  }

  // Waits for the first byte of a request; false when none comes.
  asio::awaitable<bool> wait_for_request(Clock::duration patience) {
    if (buffer_.size() > 0) co_return true;
    error_code error;
    set_deadline(patience);
    auto space = buffer_.prepare(4096);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const std::size_t count = co_await stream_.async_read_some(space, token);
    clear_deadline();
    buffer_.commit(count);
    const bool got = !error && count > 0;
    co_return got;
  }

  // One empty line before a request is ignored (RFC 9112 section 2.2).
  asio::awaitable<bool> skip_empty_line(Clock::duration patience) {
    const std::string_view begun(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    if (!begun.starts_with("\r\n")) co_return true;
    buffer_.consume(2);
    const bool more = co_await wait_for_request(patience);
    co_return more;
  }

  // True when the connection can take another request.
  asio::awaitable<bool> one_request(Clock::duration patience) {
    const bool begun = co_await wait_for_request(patience);
    if (!begun) co_return false;
    const bool request = co_await skip_empty_line(patience);
    if (!request) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_->limits.head_bytes_max));
    parser.body_limit(boost::none);
    refusal_.reset();
    const auto job = std::make_shared<Job>(shared_);
    const bool head = co_await read_head(parser);
    if (head) {
      // Before the body: what its trailer says is no part of the head (RFC 9110 section 6.5.1).
      fill(job->request, parser.get());
      co_await read_body(parser);
    }
    if (head && !refusal_ && parser.is_done()) co_return co_await answer(job, parser);
    shared_->bodies.release(share_);
    if (refusal_) co_await send_refusal();
    co_return false;
  }

  // True when the head is there and may be followed by a body; otherwise with a refusal if there is a client
  // to be told.
  asio::awaitable<bool> read_head(Parser& parser) {
    error_code error;
    expired_ = false;
    buffer_.consume(parser.put(buffer_.data(), error));
    if (error == wire::error::need_more) {
      error = {};
      set_deadline(shared_->limits.head_time);
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await wire::async_read_header(stream_, buffer_, parser, token);
      clear_deadline();
    }
    if (error && expired_) {
      refuse(408, "RequestTimeout", "head_time",
             fmt::format("The request head did not arrive within {} ms.", shared_->limits.head_time.count()));
    } else if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
      refuse_long_head(!parser.get().target().empty());
    } else if (error) {
      refuse_malformed(error);
    } else {
      refusal_ = check_head(parser.get());
    }
    co_return !error && !refusal_;
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

  // Only for what the client wrote; a connection that broke has nobody to be told.
  void refuse_malformed(error_code error) {
    if (error.category() != wire::make_error_code(wire::error::bad_method).category()) return;
    if (error == wire::error::end_of_stream || error == wire::error::partial_message) return;
    refuse(400, "BadRequest", "malformed", fmt::format("The request is no HTTP/1.1: {}.", error.message()));
  }

  std::size_t body_limit(const wire::request<wire::string_body>& request) const {
    const std::string_view target = origin_form({request.target().data(), request.target().size()});
    const bool samples =
        request.method() == wire::verb::post && target.substr(0, target.find('?')) == "/telemetry/samples";
    return samples ? shared_->limits.samples_body_bytes_max : shared_->limits.body_bytes_max;
  }

  void refuse_size(std::uint64_t size, std::size_t limit) {
    refuse(413, "RequestEntityTooLarge", "body_bytes",
           fmt::format("The request body has {}{} bytes; the limit is {}.", size == 0 ? "more than " : "",
                       size == 0 ? limit : size, limit));
  }

  // Reads the whole body, or leaves it incomplete, with a refusal if there is a client to be told.
  asio::awaitable<void> read_body(Parser& parser) {
    const std::size_t limit = body_limit(parser.get());
    const auto length = parser.content_length();
    if (length && *length > limit) {
      refuse_size(*length, limit);
      co_return;
    }
    const bool asks = beast::iequals(parser.get()[wire::field::expect], "100-continue");
    if (asks && parser.get().version() >= 11 && !parser.is_done()) {
      const bool sent = co_await send_continue();
      if (!sent) co_return;
    }
    co_await read_body_pieces(parser, limit);
  }

  asio::awaitable<bool> send_continue() {
    error_code error;
    static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    set_deadline(write_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const auto bytes = asio::buffer(text.data(), text.size());
    co_await asio::async_write(stream_, bytes, token);
    clear_deadline();
    co_return !error;
  }

  asio::awaitable<void> read_body_pieces(Parser& parser, std::size_t limit) {
    const auto& limits = shared_->limits;
    auto started = Clock::now();
    if (!parser.is_done()) shared_->bodies.begin(share_);
    while (!parser.is_done() && !refusal_) {
      const auto asked = Clock::now();
      const std::uint64_t rest = parser.content_length_remaining().value_or(body_piece_bytes_max);
      const bool room = co_await wait_for_budget(std::min<std::uint64_t>(rest, body_piece_bytes_max));
      if (!room) co_return;
      started += Clock::now() - asked;  // the client could not help it
      std::size_t held = parser.get().body().size();
      const auto mebibytes_begun = 1 + static_cast<int>(held / mebibyte);
      error_code error;
      set_deadline(
          std::min(Clock::now() + limits.body_gap, started + limits.body_mebibyte_time * mebibytes_begun));
      auto token = asio::redirect_error(asio::use_awaitable, error);
      co_await wire::async_read_some(stream_, buffer_, parser, token);
      clear_deadline();
      held = parser.get().body().size();
      shared_->bodies.settle(share_, held);
      if (held > limit) {
        refuse_size(0, limit);
      } else if (error && expired_) {
        refuse(408, "RequestTimeout", "body_time", "The request body did not arrive in time.");
      } else if (error) {
        refuse_malformed(error);
        co_return;
      }
    }
    shared_->bodies.end(share_);
  }

  // Bodies of all connections share one budget; a reader waits for it, so that the client's TCP waits.
  asio::awaitable<bool> wait_for_budget(std::size_t bytes) {
    const auto give_up = Clock::now() + shared_->limits.body_gap;
    while (!shared_->bodies.take(share_, bytes)) {
      if (leaving_) co_return false;
      if (Clock::now() >= give_up || shared_->stopping) {
        refuse(503, "ServiceUnavailable", "bodies_bytes", "Too much data is being received; try again.");
        co_return false;
      }
      co_await wait_for_wake(budget_pause);
    }
    co_return true;
  }

  asio::awaitable<bool> answer(std::shared_ptr<Job> job, Parser& parser) {
    version_ = parser.get().version();
    const bool keep = parser.get().keep_alive();
    const Clock::time_point started = Clock::now();
    job->request.body = std::move(parser.get().body());
    const Method method = job->request.method;
    answering_ = true;
    const bool decided = run_at_once(*job);
    if (!decided || job->response.later) {
      stop_waiting();
      decided ? finish_later(job) : finish_on_worker(job);
      while (!job->finished) co_await wait_for_wake(std::chrono::hours(1));
    }
    job->request.body = std::string();
    shared_->bodies.release(share_);
    const std::chrono::duration<double> taken = Clock::now() - started;
    shared_->count_request(method, job->response.status, taken.count());
    const bool streams = job->response.stream && method != Method::head;
    const bool stay = keep && !shared_->stopping && !job->response.stream;
    const bool sent = co_await send(job->response, method == Method::head, stay);
    job->give_back_answer();
    answering_ = false;
    if (sent && streams) {
      stop_waiting();
      co_await send_stream(job);
    }
    if (sent && stay) wait_for_client();
    const bool again = sent && stay;
    co_return again;
  }

  // True when the answer needs no worker: it is there, or comes `later`.
  bool run_at_once(Job& job) {
    if (!shared_->at_once) return false;
    try {
      std::optional<Response> answer = shared_->at_once(job.request);
      if (!answer) return false;
      job.answer(std::move(*answer));
      return true;
    } catch (const std::exception& failure) {
      log::error("a handler ended with an exception: {}", failure.what());
      job.response = handler_failed();
      return true;
    }
  }

  void fill(Request& out, const wire::request<wire::string_body>& message) {
    out.method = method_of(message.method());
    out.verb = std::string(message.method_string().data(), message.method_string().size());
    out.target = std::string(origin_form({message.target().data(), message.target().size()}));
    for (const auto& field : message) {
      out.headers.add({field.name_string().data(), field.name_string().size()},
                      {field.value().data(), field.value().size()});
    }
    out.remote = admission_->client;
    out.secure = stream_.is_secure();
  }

  std::function<void(Response)> finisher(std::shared_ptr<Job> job) {
    return [job = std::move(job), awake = wake()](Response response) {
      job->answer(std::move(response));
      job->finished = true;
      awake();
    };
  }

  void finish_later(const std::shared_ptr<Job>& job) {
    std::exchange(job->response.later, nullptr)(finisher(job));
  }

  // The handler's response, or 503 when no worker can take it.
  void finish_on_worker(const std::shared_ptr<Job>& job) {
    const auto work = [job, shared = shared_, finish = finisher(job)] {
      answer_job(*shared, job->request, finish);
    };
    if (shared_->workers.submit(work)) return;
    shared_->count_rejection("workers");
    job->response = error_response(503, "ServiceUnavailable", "The server is busy; try again.");
    job->response.headers.set("Retry-After", "1");
    job->finished = true;
  }

  asio::awaitable<bool> send(const Response& response, bool head, bool stay) {
    const std::string begin = response_head(response, version_, stay);
    const bool head_only = head || response.stream || !may_have_body(response.status);
    std::array<asio::const_buffer, 2> rest{asio::buffer(begin),
                                           head_only ? asio::const_buffer() : asio::buffer(response.body)};
    error_code error;
    // The socket of a client that reads its answers takes a small one at once.
    while (!error && asio::buffer_size(rest) > 0) take_off(rest, stream_.write_now(rest, error));
    if (error == asio::error::would_block) {
      wait_for_client();
      co_return co_await send_slowly(rest);
    }
    co_return !error;
  }

  static void take_off(std::array<asio::const_buffer, 2>& rest, std::size_t count) {
    for (asio::const_buffer& piece : rest) {
      const std::size_t taken = std::min(count, piece.size());
      piece += taken;
      count -= taken;
    }
  }

  asio::awaitable<bool> send_slowly(std::array<asio::const_buffer, 2> rest) {
    const auto end =
        Clock::now() + write_time + std::chrono::seconds(asio::buffer_size(rest) / slow_bytes_per_s);
    error_code error;
    while (!error && asio::buffer_size(rest) > 0) {
      set_deadline(std::min(end, Clock::now() + write_time));
      auto token = asio::redirect_error(asio::use_awaitable, error);
      const std::size_t count = co_await stream_.async_write_some(rest, token);
      take_off(rest, count);
      clear_deadline();
    }
    co_return !error;
  }

  asio::awaitable<void> send_stream(std::shared_ptr<Job> job) {
    const auto channel = std::make_shared<StreamChannel>(wake());
    const AbandonAtEnd guard{*channel};
    if (!begin_stream(std::move(job), channel)) {
      shared_->count_rejection("workers");
      co_return;
    }
    co_await send_pieces(*channel);
  }

  // Leaves the sink to the handler alone: the body ends when it lets go.
  bool begin_stream(std::shared_ptr<Job> job, std::shared_ptr<StreamChannel> channel) {
    return shared_->workers.submit([job = std::move(job), sink = make_sink(std::move(channel))]() mutable {
      run_stream(job->response, std::exchange(sink, nullptr));
    });
  }

  asio::awaitable<void> send_pieces(StreamChannel& channel) {
    while (!shared_->stopping) {
      const StreamChannel::Piece piece = channel.take();
      if (piece.abandoned) {
        shared_->count_rejection("slow_follower");
        co_return;
      }
      if (!piece.bytes.empty()) {
        const bool alive = co_await send_chunk(piece.bytes);
        if (!alive) co_return;
      } else if (piece.ended) {
        co_await send_last_chunk();
        co_return;
      } else {
        if (client_is_gone()) co_return;
        co_await wait_for_wake(follower_look);
      }
    }
  }

  // Has the client closed its side? Whoever only listens would otherwise be noticed when something is sent.
  bool client_is_gone() {
    pollfd look{socket().native_handle(), POLLRDHUP, 0};
    return ::poll(&look, 1, 0) == 1;
  }

  asio::awaitable<bool> send_chunk(const std::string& bytes) {
    error_code error;
    set_deadline(write_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const auto body = asio::buffer(bytes);
    if (version_ == 11) {
      const auto chunk = wire::make_chunk(body);
      co_await asio::async_write(stream_, chunk, token);
    } else {
      co_await asio::async_write(stream_, body, token);
    }
    clear_deadline();
    co_return !error;
  }

  asio::awaitable<void> send_last_chunk() {
    if (version_ != 11) co_return;
    error_code error;
    set_deadline(write_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const auto last = wire::make_chunk_last();
    co_await asio::async_write(stream_, last, token);
    clear_deadline();
  }

  void refuse(int status, std::string_view code, std::string_view reason, std::string message) {
    refusal_ = Refusal{status, code, reason, std::move(message)};
  }

  // Answers, then reads on for a moment: a client that still sends would otherwise lose the answer to a
  // reset.
  asio::awaitable<void> send_refusal() {
    shared_->count_rejection(refusal_->reason);
    Response response = error_response(refusal_->status, refusal_->code, refusal_->message);
    if (refusal_->status == 503) response.headers.set("Retry-After", "1");
    version_ = 11;
    const bool sent = co_await send(response, false, false);
    if (!sent) co_return;
    if (!stream_.is_secure()) {
      error_code ignored;
      socket().shutdown(Socket::shutdown_send, ignored);
    }
    std::array<char, 16384> rubbish;
    std::size_t total = 0;
    set_deadline(discard_time);
    while (total < discarded_bytes_max && !expired_) {
      error_code error;
      auto token = asio::redirect_error(asio::use_awaitable, error);
      const auto space = asio::buffer(rubbish);
      total += co_await stream_.async_read_some(space, token);
      if (error) break;
    }
    clear_deadline();
  }

  // Order matters: the stream ends before the admission is given back.
  const std::unique_ptr<Admission> admission_;
  const SharedPointer shared_;
  ByteStream stream_;
  asio::steady_timer timer_, waker_;
  beast::flat_buffer buffer_;
  std::optional<Refusal> refusal_;
  unsigned version_ = 11;
  BodyBudget::Share share_;
  std::uint64_t ticket_ = 0;  // not 0: it waits for its client
  Clock::time_point deadline_ = never;
  Clock::time_point watched_until_ = never;  // when the timer ends
  bool expired_ = false;
  bool leaving_ = false;    // its place is another's
  bool answering_ = false;  // a handler runs or its answer is being sent
};

}  // namespace

void serve(std::unique_ptr<Admission> admission, Socket socket, ByteStream::TlsContext tls) {
  ByteStream stream(std::move(socket), std::move(tls));
  std::make_shared<Connection>(std::move(admission), std::move(stream))->start();
}

}  // namespace peering::http
