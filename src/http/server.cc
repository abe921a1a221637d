#include "http/server.h"

#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http/addresses.h"
#include "http/server_connection.h"

namespace peering::http {

namespace {

constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::milliseconds crowded_pause{1};

std::shared_ptr<asio::ssl::context> tls_context(const TlsFiles& files) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION);
  context->use_certificate_chain_file(files.certificate_chain);
  context->use_private_key_file(files.private_key, asio::ssl::context::pem);
  return context;
}

// A client that vanished without a word is noticed within two minutes, also when nothing is sent to it.
void set_options(Socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const int idle_s = 60, unacknowledged_ms = 60'000;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
               sizeof unacknowledged_ms);
}

// Accepts until closed; each connection gets a strand of its own.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, SharedPointer shared, std::shared_ptr<asio::ssl::context> tls)
      : context_(context),
        shared_(std::move(shared)),
        tls_(std::move(tls)),
        acceptor_(asio::make_strand(context)),
        pause_(acceptor_.get_executor()) {}

  Result<Endpoint> open(const Endpoint& endpoint) {
    boost::system::error_code error;
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(loopback_name(endpoint.host), std::to_string(endpoint.port), error);
    if (error || found.empty()) return fail(ErrorCode::io, "{} is no address of this machine", endpoint.host);
    const asio::ip::tcp::endpoint target = found.begin()->endpoint();
    acceptor_.open(target.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(target, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(ErrorCode::io, "cannot listen on {}: {}", endpoint.to_string(), error.message());
    const auto local = acceptor_.local_endpoint();
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
    return Endpoint{local.address().to_string(), local.port()};
  }

  void close() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      boost::system::error_code ignored;
      self->acceptor_.close(ignored);
      self->pause_.cancel();
    });
  }

 private:
  void accept() {
    acceptor_.async_accept(asio::make_strand(context_),
                           [self = shared_from_this()](boost::system::error_code error, Socket socket) {
                             self->accepted(error, std::move(socket));
                           });
  }

  void accepted(boost::system::error_code error, Socket socket) {
    if (!acceptor_.is_open() || shared_->stopping) return;
    if (error) {
      // Out of descriptors, most likely: taking a breath lets some go.
      shared_->count_rejection("accept");
      return accept_later(accept_pause);
    }
    try {
      serve(std::move(socket));
    } catch (const std::exception& failure) {
      log::error("a connection could not be served: {}", failure.what());
    }
    shared_->is_crowded() ? accept_later(crowded_pause) : accept();
  }

  void accept_later(std::chrono::milliseconds pause) {
    pause_.expires_after(pause);
    pause_.async_wait([self = shared_from_this()](boost::system::error_code) {
      if (self->acceptor_.is_open() && !self->shared_->stopping) self->accept();
    });
  }

  void serve(Socket socket) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const net::Address client = address_of(remote.address());
    if (const auto reason = shared_->admit(client)) return shared_->count_rejection(*reason);
    auto admission = std::make_unique<Admission>(shared_, client);
    set_options(socket);
    http::serve(std::move(admission), std::move(socket), tls_);
  }

  asio::io_context& context_;
  SharedPointer shared_;
  std::shared_ptr<asio::ssl::context> tls_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
};

}  // namespace

class Server::State {
 public:
  State(Handler handler, QuickHandler at_once, Limits limits, runtime::WorkerPool& workers, Metrics& metrics)
      : context_(std::make_shared<asio::io_context>()),
        shared_(std::make_shared<ServerShared>(std::move(handler), std::move(at_once), limits, workers,
                                               metrics, context_)),
        work_(asio::make_work_guard(*context_)) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([context = context_.get()] { run(*context); });
    }
  }

  ~State() { stop(); }

  Result<Endpoint> listen(const Endpoint& endpoint, const std::optional<TlsFiles>& tls) {
    std::shared_ptr<asio::ssl::context> context;
    try {
      if (tls) context = tls_context(*tls);
    } catch (const std::exception& failure) {
      return fail(ErrorCode::invalid_argument, "certificate {} or key {} cannot be used: {}",
                  tls->certificate_chain, tls->private_key, failure.what());
    }
    const std::lock_guard lock(mutex_);
    if (shared_->stopping) return fail(ErrorCode::unavailable, "the server has been stopped");
    auto listener = std::make_shared<Listener>(*context_, shared_, context);
    const auto bound = listener->open(endpoint);
    if (bound) listeners_.push_back(std::move(listener));
    return bound;
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) return;
    shared_->stopping = true;
    for (const auto& listener : listeners_) listener->close();
    wait_for_connections();
    context_->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    listeners_.clear();
  }

 private:
  static constexpr int threads = 2;

  static void run(asio::io_context& context) {
    while (true) {
      try {
        context.run();
        return;
      } catch (const std::exception& failure) {
        log::error("an HTTP connection ended with an exception: {}", failure.what());
      }
    }
  }

  // Asked again and again, since a connection may just have been between two operations.
  void wait_for_connections() {
    const auto deadline = std::chrono::steady_clock::now() + shared_->limits.stop_time;
    while (shared_->connections() > 0 && std::chrono::steady_clock::now() < deadline) {
      for (const auto& connection : shared_->open_connections()) connection->interrupt();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::mutex mutex_;
  std::shared_ptr<asio::io_context> context_;
  SharedPointer shared_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

Server::Server(Handler handler, Limits limits, runtime::WorkerPool& workers, Metrics& metrics,
               QuickHandler at_once)
    : state_(std::make_unique<State>(std::move(handler), std::move(at_once), limits, workers, metrics)) {}
Server::~Server() = default;

Result<Endpoint> Server::listen(const Endpoint& endpoint, const std::optional<TlsFiles>& tls) {
  return state_->listen(endpoint, tls);
}

void Server::stop() { state_->stop(); }

}  // namespace peering::http
