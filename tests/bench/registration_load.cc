// Registers prefixes as fast as they are acknowledged, and what SQLite alone does with as many writers.
//
// `registration_load http PORT TOKEN CONNECTION_ID CONNECTIONS FIRST COUNT [SERVICES]` puts prefix number
// FIRST to FIRST + COUNT - 1 over keep-alive connections, one request under way on each, and expects 201.
// With SERVICES they are dealt in turn to as many peering services, whose ids end in a number.
// `registration_load services PORT TOKEN CONNECTION_ID CONNECTIONS FIRST COUNT BODY` puts those services.
// `registration_load sqlite FILE WRITERS COUNT [audited]` writes rows of the same size into the same table
// and indexes (docs/on-disk.md), WAL and synced, as many in a transaction as there are writers: a group
// commit in which nobody ever waits for his turn. With `audited` each has its entry of the audit log too, as
// what the server registers has.
// All print one JSON object with seconds and quantiles of the time to an answer, or of a commit.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "registration_load: %s\n", why.c_str());
  std::exit(1);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The /24 of a number: 1.0.0.0/24 and up, past loopback after 8 million.
std::string prefix_of(std::uint32_t number) {
  const std::uint32_t address = 0x01000000U + (number << 8);
  char text[32];
  std::snprintf(text, sizeof text, "%u.%u.%u.0/24", address >> 24, address >> 16 & 255, address >> 8 & 255);
  return text;
}

struct Target {
  std::uint16_t port = 0;
  std::string token, connection;
  std::uint32_t services = 0;  // 0: the connection itself
  std::string service_body;    // not empty: the services are put
};

std::string put(const Target& target, const std::string& path, const std::string& body) {
  return "PUT " + path + "?api-version=2022-10-01 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
         target.token +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string request_for(const Target& target, std::uint32_t number) {
  if (!target.service_body.empty()) {
    return put(target, target.connection + std::to_string(number), target.service_body);
  }
  const std::string service = target.services ? std::to_string(number % target.services) : std::string();
  return put(target, target.connection + service + "/prefixes/p" + std::to_string(number),
             "{\"properties\":{\"prefix\":\"" + prefix_of(number) + "\"}}");
}

// One keep-alive connection with at most one request under way.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      stop("the server takes no connection");
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  int socket() const { return socket_; }

  void send(const std::string& request) {
    received_.clear();
    sent_at_ = Clock::now();
    for (std::size_t at = 0; at < request.size();) {
      const ssize_t count = ::send(socket_, request.data() + at, request.size() - at, MSG_NOSIGNAL);
      if (count <= 0) stop("the server closed a connection");
      at += static_cast<std::size_t>(count);
    }
  }

  // Reads what is there; true when the answer is whole.
  bool receive() {
    char bytes[8192];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) stop("the server closed a connection");
    received_.append(bytes, static_cast<std::size_t>(count));
    const std::size_t head = received_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = received_.find("Content-Length: ");
    if (length == std::string::npos) stop("an answer without length: " + received_);
    const std::size_t body = std::strtoul(received_.c_str() + length + 16, nullptr, 10);
    if (received_.size() < head + 4 + body) return false;
    if (!received_.starts_with("HTTP/1.1 201 ")) stop("not 201: " + received_);
    return true;
  }

  double waited_ms() const { return seconds_since(sent_at_) * 1e3; }

 private:
  int socket_;
  std::string received_;
  Clock::time_point sent_at_;
};

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * double(sorted.size())))];
}

void print(double seconds, std::vector<double> waits_ms) {
  std::sort(waits_ms.begin(), waits_ms.end());
  std::printf("{\"seconds\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", seconds,
              quantile(waits_ms, 0.5), quantile(waits_ms, 0.99), waits_ms.back());
}

void register_all(const Target& target, std::size_t connections, std::uint32_t first, std::uint32_t count) {
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<pollfd> looks;
  for (std::size_t i = 0; i < std::min<std::size_t>(connections, count); ++i) {
    clients.push_back(std::make_unique<Client>(target.port));
    looks.push_back({clients.back()->socket(), POLLIN, 0});
  }
  std::vector<double> waits_ms;
  const Clock::time_point start = Clock::now();
  std::uint32_t next = first;
  for (const auto& client : clients) client->send(request_for(target, next++));
  while (waits_ms.size() < count) {
    if (::poll(looks.data(), looks.size(), 30'000) <= 0) stop("no answer within 30 s");
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (looks[i].revents == 0 || !clients[i]->receive()) continue;
      waits_ms.push_back(clients[i]->waited_ms());
      if (next < first + count) {
        clients[i]->send(request_for(target, next++));
      } else {
        looks[i].fd = -1;
      }
    }
  }
  print(seconds_since(start), std::move(waits_ms));
}

constexpr const char* schema = R"(
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE resources (key TEXT PRIMARY KEY, type TEXT NOT NULL, document TEXT, etag TEXT NOT NULL,
  revision INTEGER NOT NULL, position INTEGER NOT NULL, unique_value TEXT) WITHOUT ROWID;
CREATE INDEX resources_by_type ON resources (type, key) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX resources_by_unique ON resources (type, unique_value) WHERE unique_value IS NOT NULL;
CREATE UNIQUE INDEX resources_by_revision ON resources (revision, position);
CREATE TABLE log (number INTEGER PRIMARY KEY, root TEXT NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL,
  document TEXT NOT NULL);
CREATE INDEX log_by_time ON log (root, at);
)";

void must(int result, int wanted, sqlite3* database) {
  if (result != wanted) stop(sqlite3_errmsg(database));
}

void bind(sqlite3_stmt* statement, int position, const std::string& text) {
  sqlite3_bind_text(statement, position, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

const std::string subscription = "/subscriptions/11111111-1111-1111-1111-111111111111";

std::string key_of(std::uint32_t number) {
  return subscription +
         "/resourcegroups/network/providers/microsoft.peering/peeringservices/office/prefixes/p" +
         std::to_string(number);
}

sqlite3_stmt* compile(sqlite3* database, const char* text) {
  sqlite3_stmt* statement = nullptr;
  must(sqlite3_prepare_v2(database, text, -1, &statement, nullptr), SQLITE_OK, database);
  return statement;
}

void insert_entry(sqlite3* database, sqlite3_stmt* statement, std::uint32_t number) {
  const std::string key = key_of(number);
  sqlite3_bind_int64(statement, 1, number + 1);
  bind(statement, 2, subscription);
  sqlite3_bind_int64(statement, 3, 1'800'000'000'000'000 + number);
  bind(statement, 4, key);
  bind(statement, 5, std::string(950, 'x') + key + key);
  must(sqlite3_step(statement), SQLITE_DONE, database);
  sqlite3_reset(statement);
}

void insert(sqlite3* database, sqlite3_stmt* statement, std::uint32_t number) {
  const std::string key = key_of(number);
  bind(statement, 1, key);
  bind(statement, 2, "microsoft.peering/peeringservices/prefixes");
  bind(statement, 3, std::string(350, 'x') + key);
  bind(statement, 4, "0123456789abcdef0123456789abcdef");
  sqlite3_bind_int64(statement, 5, number);
  sqlite3_bind_int64(statement, 6, 0);
  bind(statement, 7, prefix_of(number));
  must(sqlite3_step(statement), SQLITE_DONE, database);
  sqlite3_reset(statement);
}

void write_rows(const char* file, std::uint32_t writers, std::uint32_t count, bool audited) {
  sqlite3* database = nullptr;
  must(sqlite3_open(file, &database), SQLITE_OK, database);
  must(sqlite3_exec(database, schema, nullptr, nullptr, nullptr), SQLITE_OK, database);
  sqlite3_stmt* const row = compile(database, "INSERT INTO resources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  sqlite3_stmt* const entry = compile(database, "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)");
  std::vector<double> waits_ms;
  const Clock::time_point start = Clock::now();
  for (std::uint32_t number = 0; number < count;) {
    const Clock::time_point begun = Clock::now();
    must(sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK, database);
    for (std::uint32_t i = 0; i < writers && number < count; ++i, ++number) {
      insert(database, row, number);
      if (audited) insert_entry(database, entry, number);
    }
    must(sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK, database);
    waits_ms.push_back(seconds_since(begun) * 1e3);
  }
  print(seconds_since(start), std::move(waits_ms));
  sqlite3_finalize(row);
  sqlite3_finalize(entry);
  sqlite3_close(database);
}

std::uint32_t number_of(const char* text) {
  return static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  const bool services = mode == "services" && count == 9;
  if (services || (mode == "http" && (count == 8 || count == 9))) {
    Target target{static_cast<std::uint16_t>(number_of(arguments[2])), arguments[3], arguments[4], 0, {}};
    if (services) target.service_body = arguments[8];
    if (!services && count == 9) target.services = number_of(arguments[8]);
    register_all(target, number_of(arguments[5]), number_of(arguments[6]), number_of(arguments[7]));
    return 0;
  }
  const bool audited = count == 6 && std::string_view(arguments[5]) == "audited";
  if (mode == "sqlite" && (count == 5 || audited)) {
    write_rows(arguments[2], number_of(arguments[3]), number_of(arguments[4]), audited);
    return 0;
  }
  stop(
      "http PORT TOKEN CONNECTION_ID CONNECTIONS FIRST COUNT [SERVICES], services PORT TOKEN CONNECTION_ID "
      "CONNECTIONS FIRST COUNT BODY, or sqlite FILE WRITERS COUNT [audited]");
}
