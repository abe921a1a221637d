#include "http/server.h"

#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "base/log.h"
#include "http/server_connection.h"

namespace peering::http {

void ServerShared::count_request(Method method, int status, double seconds) {
  metrics
      .counter("peering_http_requests_total", "HTTP requests answered.",
               {{"method", std::string(to_string(method))}, {"code", std::to_string(status)}})
      .add();
  metrics
      .histogram("peering_http_request_seconds", "Seconds from the whole request to the response.",
                 {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10})
      .observe(seconds);
}

void ServerShared::count_rejection(std::string_view reason) {
  metrics
      .counter("peering_http_rejected_total", "Requests and connections refused by a limit.",
               {{"reason", std::string(reason)}})
      .add();
}

bool ServerShared::admit(const net::Address& client) {
  const std::lock_guard lock(mutex);
  std::size_t& of_client = clients[client];
  if (connections >= limits.connections_max || of_client >= limits.connections_per_client_max) {
    if (of_client == 0) clients.erase(client);
    return false;
  }
  ++of_client;
  ++connections;
  return true;
}

void ServerShared::release(const net::Address& client) {
  const std::lock_guard lock(mutex);
  --connections;
  const auto found = clients.find(client);
  if (--found->second == 0) clients.erase(found);
}

namespace {

constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::milliseconds accept_pause{100};

net::Address address_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto& address = endpoint.address();
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return net::Address::v4(std::span<const std::uint8_t, 4>(bytes));
  }
  const auto bytes = address.to_v6().to_bytes();
  return net::Address::v6(std::span<const std::uint8_t, 16>(bytes)).unmapped();
}

std::shared_ptr<asio::ssl::context> tls_context(const TlsFiles& files) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION);
  context->use_certificate_chain_file(files.certificate_chain);
  context->use_private_key_file(files.private_key, asio::ssl::context::pem);
  return context;
}

// Accepts until closed; each connection gets a strand of its own.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, SharedPointer shared, std::shared_ptr<asio::ssl::context> tls)
      : context_(context),
        shared_(std::move(shared)),
        tls_(std::move(tls)),
        acceptor_(context),
        pause_(context) {}

  Result<Endpoint> open(const Endpoint& endpoint) {
    boost::system::error_code error;
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), error);
    if (error || found.empty()) return fail(ErrorCode::io, "{} is no address of this machine", endpoint.host);
    const asio::ip::tcp::endpoint target = found.begin()->endpoint();
    acceptor_.open(target.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(target, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(ErrorCode::io, "cannot listen on {}: {}", endpoint.to_string(), error.message());
    const auto local = acceptor_.local_endpoint();
    accept();
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
      pause_.expires_after(accept_pause);
      pause_.async_wait([self = shared_from_this()](boost::system::error_code) {
        if (self->acceptor_.is_open()) self->accept();
      });
      return;
    }
    serve(std::move(socket));
    accept();
  }

  void serve(Socket socket) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    const net::Address client = address_of(remote);
    if (!shared_->admit(client)) {
      shared_->count_rejection("connections");
      return;
    }
    if (tls_) {
      serve_tls(shared_, std::move(socket), client, tls_);
    } else {
      serve_plain(shared_, std::move(socket), client);
    }
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
  State(Handler handler, Limits limits, runtime::WorkerPool& workers, Metrics& metrics)
      : shared_(std::make_shared<ServerShared>(std::move(handler), limits, workers, metrics)),
        context_(std::make_shared<asio::io_context>()),
        work_(asio::make_work_guard(*context_)) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([context = context_] { context->run(); });
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
    auto listener = std::make_shared<Listener>(*context_, shared_, context);
    const auto bound = listener->open(endpoint);
    if (bound) listeners_.push_back(std::move(listener));
    return bound;
  }

  void stop() {
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

  // Idle connections are woken to see that the server stops; running handlers may finish.
  void wait_for_connections() {
    const auto deadline = std::chrono::steady_clock::now() + stop_patience;
    while (std::chrono::steady_clock::now() < deadline) {
      {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->connections == 0) return;
        for (Socket* socket : shared_->sockets) {
          asio::post(socket->get_executor(), [shared = shared_, socket] {
            const std::lock_guard inner(shared->mutex);
            boost::system::error_code ignored;
            if (shared->sockets.contains(socket)) socket->cancel(ignored);
          });
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  SharedPointer shared_;
  std::shared_ptr<asio::io_context> context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

Server::Server(Handler handler, Limits limits, runtime::WorkerPool& workers, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(handler), limits, workers, metrics)) {}
Server::~Server() = default;

Result<Endpoint> Server::listen(const Endpoint& endpoint, const std::optional<TlsFiles>& tls) {
  return state_->listen(endpoint, tls);
}

void Server::stop() { state_->stop(); }

}  // namespace peering::http
