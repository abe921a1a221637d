#include "http/local_authority.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include <gmock/gmock.h>

#include "http/server_for_tests.h"

namespace peering::http {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TlsTest : public ServerTest {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "peering-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string bytes_of(const char* name) {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const char* name, const std::string& bytes) { std::ofstream(folder_ / name) << bytes; }
  // Runs OpenSSL's own program in the folder.
  int openssl(const std::string& arguments) {
    return std::system(
        fmt::format("cd '{}' && openssl {} >output.txt 2>&1", folder_.string(), arguments).c_str());
  }
  static bool have_openssl() { return std::system("command -v openssl >/dev/null") == 0; }
  void start_tls() {
    const auto files = ensure_local_authority(folder_, {});
    ASSERT_TRUE(files) << files.error().message;
    server_.emplace(echo, Limits{}, workers_, metrics_);
    const auto bound = server_->listen({"127.0.0.1", 0}, *files);
    ASSERT_TRUE(bound) << bound.error().message;
    port_ = bound->port;
  }
  std::string secure_url(std::string_view host) { return fmt::format("https://{}:{}/x", host, port_); }
  ClientOptions trusting() {
    ClientOptions out;
    out.authority_file = (folder_ / "ca.pem").string();
    return out;
  }

  fs::path folder_;
};

TEST_F(TlsTest, TheAuthorityIsTrustedByItsFileAndByNothingElse) {
  start_tls();
  Client client(trusting());
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto answer = client.send({Method::get, secure_url(host), {}, ""});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "GET /x ");
  }
  Client stranger;
  const auto refused = stranger.send({Method::get, secure_url("127.0.0.1"), {}, ""});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("certificate verify failed"));
}

TEST_F(TlsTest, AHostThatTheCertificateDoesNotNameIsRefused) {
  start_tls();
  Client client(trusting());
  // The same machine by a name that is not in the certificate.
  const auto answer = client.send({Method::get, secure_url("127.0.0.2"), {}, ""});
  EXPECT_FALSE(answer.has_value());
  RawConnection raw(port_);  // the listener is there all the same
}

TEST_F(TlsTest, OneConnectionCarriesManyRequests) {
  start_tls();
  Client client(trusting());
  for (int i = 0; i < 5; ++i) {
    const auto answer = client.send({Method::put, secure_url("127.0.0.1"), {}, std::string(100'000, 'x')});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body.size(), 100'007U);
    EXPECT_EQ(connections(), 1);
  }
}

TEST_F(TlsTest, PlainTextOnATlsPortEndsTheConnection) {
  start_tls();
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), testing::Not(HasSubstr("200")));
  EXPECT_EQ(rejected("tls_handshake"), 1);
}

TEST_F(TlsTest, OldVersionsOfTlsAreRefused) {
  if (!have_openssl()) GTEST_SKIP() << "skipped: no openssl program";
  start_tls();
  const auto connect = [&](const char* version) {
    return openssl(
        fmt::format("s_client -connect 127.0.0.1:{} {} -CAfile ca.pem -verify_return_error "
                    "-cipher ALL@SECLEVEL=0 </dev/null",
                    port_, version));
  };
  EXPECT_NE(connect("-tls1_1"), 0);
  EXPECT_EQ(connect("-tls1_2"), 0) << bytes_of("output.txt");
  EXPECT_EQ(connect("-tls1_3"), 0) << bytes_of("output.txt");
}

TEST_F(TlsTest, TheServerStopsWithTlsConnectionsOpen) {
  start_tls();
  Client client(trusting());
  ASSERT_TRUE(client.send({Method::get, secure_url("127.0.0.1"), {}, ""}));
  RawConnection in_handshake(port_);
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(TlsTest, AStrictVerifierAcceptsTheChain) {
  if (!have_openssl()) GTEST_SKIP() << "skipped: no openssl program";
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_EQ(openssl("verify -x509_strict -purpose sslserver -verify_ip ::1 -CAfile ca.pem server.pem"), 0)
      << bytes_of("output.txt");
  ASSERT_EQ(openssl("x509 -in ca.pem -noout -text"), 0);
  EXPECT_THAT(bytes_of("output.txt"), HasSubstr("CA:TRUE"));
}

TEST_F(TlsTest, FilesAreForTheOwnerOnly) {
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms(0700));
  for (const char* name : {"ca.key", "server.key"}) {
    EXPECT_EQ(fs::status(folder_ / name).permissions(), fs::perms(0600)) << name;
  }
}

TEST_F(TlsTest, TheAuthorityStaysAndTheCertificateFollowsItsNames) {
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  const std::string ca = bytes_of("ca.pem"), server = bytes_of("server.pem");
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_EQ(bytes_of("server.pem"), server);
  const std::string names[] = {"edge.example", "192.0.2.7"};
  ASSERT_TRUE(ensure_local_authority(folder_, names));
  EXPECT_EQ(bytes_of("ca.pem"), ca);
  const std::string renamed = bytes_of("server.pem");
  EXPECT_NE(renamed, server);
  ASSERT_TRUE(ensure_local_authority(folder_, names));
  EXPECT_EQ(bytes_of("server.pem"), renamed);
}

TEST_F(TlsTest, ACertificateIsRenewedInItsLastThirtyDays) {
  if (!have_openssl()) GTEST_SKIP() << "skipped: no openssl program";
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const auto sign = [&](int days) {
    const std::string names = fmt::format("DNS:localhost,IP:127.0.0.1,IP:::1,DNS:{}", host);
    EXPECT_EQ(openssl(fmt::format("req -x509 -CA ca.pem -CAkey ca.key -key server.key -subj /CN=x -days {} "
                                  "-addext subjectAltName={} -out server.pem",
                                  days, names)),
              0)
        << bytes_of("output.txt");
    return bytes_of("server.pem");
  };
  const std::string young = sign(31);
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_EQ(bytes_of("server.pem"), young);
  const std::string old = sign(29);
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_NE(bytes_of("server.pem"), old);
}

TEST_F(TlsTest, WhatIsDamagedIsMadeAnew) {
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  const std::string ca = bytes_of("ca.pem"), server = bytes_of("server.pem"), key = bytes_of("server.key");
  write("server.key", "rubbish");
  ASSERT_TRUE(ensure_local_authority(folder_, {}));
  EXPECT_EQ(bytes_of("ca.pem"), ca);
  EXPECT_NE(bytes_of("server.pem"), server);
  // A key of another authority: as after a crash between the two files.
  write("ca.key", key);
  start_tls();
  EXPECT_NE(bytes_of("ca.pem"), ca);
  Client client(trusting());
  EXPECT_TRUE(client.send({Method::get, secure_url("localhost"), {}, ""}).has_value());
}

TEST_F(TlsTest, ANameThatIsNoneIsRefused) {
  const std::string names[] = {"a,IP:192.0.2.1"};
  const auto made = ensure_local_authority(folder_, names);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
}

TEST_F(TlsTest, FilesThatAreNoneAreNamed) {
  server_.emplace(echo, Limits{}, workers_, metrics_);
  const auto bound = server_->listen({"127.0.0.1", 0}, TlsFiles{"/nowhere/c.pem", "/nowhere/k.pem"});
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error().message, HasSubstr("/nowhere/c.pem"));
  ClientOptions options;
  options.authority_file = "/nowhere/ca.pem";
  Client client(options);
  EXPECT_EQ(client.send({Method::get, "https://127.0.0.1:1/", {}, ""}).error().code,
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace peering::http
