#include "http/local_authority.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "net/address.h"

namespace peering::http {

namespace {

namespace fs = std::filesystem;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr long day_s = 86400;
constexpr long authority_days = 3650;
constexpr long server_days = 397;
constexpr int renew_days = 30;

Error openssl_error(std::string_view what) {
  const char* reason = ERR_reason_error_string(ERR_get_error());
  return Error{ErrorCode::internal,
               fmt::format("TLS: {} failed: {}", what, reason ? reason : "no reason given")};
}

Result<void> write_file(const fs::path& path, std::string_view text, mode_t mode) {
  const fs::path temporary = path.string() + ".new";
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return fail(ErrorCode::io, "{} cannot be written", temporary.string());
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  std::error_code error;
  if (written) fs::rename(temporary, path, error);
  if (written && !error) return {};
  ::unlink(temporary.c_str());
  return fail(ErrorCode::io, "{} cannot be written", path.string());
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

Certificate read_certificate(const fs::path& path) {
  const Bio bio(BIO_new_file(path.c_str(), "r"));
  return Certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

Key read_key(const fs::path& path) {
  const Bio bio(BIO_new_file(path.c_str(), "r"));
  return Key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Version 3, random positive serial, valid from an hour ago (clocks differ) for `days`.
Certificate blank(EVP_PKEY* key, const std::string& common_name, long days) {
  Certificate out(X509_new());
  X509_set_version(out.get(), 2);
  std::string serial = random_bytes(16);
  serial[0] = static_cast<char>((serial[0] & 0x7f) | 0x01);
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(
      reinterpret_cast<const unsigned char*>(serial.data()), static_cast<int>(serial.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(out.get()));
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), days * day_s);
  X509_set_pubkey(out.get(), key);
  X509_NAME* name = X509_get_subject_name(out.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return out;
}

Result<void> make_authority(const fs::path& folder) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return tl::unexpected(openssl_error("making a key"));
  Certificate ca =
      blank(key.get(), "Peering Service local authority " + random_uuid().substr(0, 8), authority_days);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  const bool extended =
      add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  if (!extended || X509_sign(ca.get(), key.get(), EVP_sha256()) == 0) {
    return tl::unexpected(openssl_error("signing the authority"));
  }
  if (auto done = write_file(folder / "ca.key", pem(key.get()), 0600); !done) return done;
  return write_file(folder / "ca.pem", pem(ca.get()), 0644);
}

// A name goes into a configuration text of OpenSSL, where a comma would begin another one.
Result<void> check_name(const std::string& name) {
  if (net::Address::parse(name)) return {};
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  if (!name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), fits)) return {};
  return tl::unexpected(invalid("certificate name", name, "an address or a host name"));
}

// How other machines may call this one; nothing when that is no proper name.
std::optional<std::string> host_name() {
  char text[256] = {};
  if (::gethostname(text, sizeof text - 1) != 0 || !check_name(text)) return std::nullopt;
  return text;
}

std::string alternative_names(std::span<const std::string> names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ',';
    out += net::Address::parse(name) ? "IP:" : "DNS:";
    out += name;
  }
  return out;
}

bool is_named(X509* certificate, const std::string& name) {
  return net::Address::parse(name) ? X509_check_ip_asc(certificate, name.c_str(), 0) == 1
                                   : X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
}

bool lasts(X509* certificate) {
  std::time_t limit = std::time(nullptr) + renew_days * day_s;
  return X509_cmp_time(X509_get0_notAfter(certificate), &limit) > 0;
}

bool is_good(const fs::path& folder, X509* ca, std::span<const std::string> names) {
  const Certificate server = read_certificate(folder / "server.pem");
  const Key key = read_key(folder / "server.key");
  if (!server || !key || X509_check_private_key(server.get(), key.get()) != 1 || !lasts(server.get()))
    return false;
  if (X509_verify(server.get(), X509_get0_pubkey(ca)) != 1) return false;
  for (const std::string& name : names) {
    if (!is_named(server.get(), name)) return false;
  }
  return true;
}

Result<void> make_server(const fs::path& folder, X509* ca, EVP_PKEY* ca_key,
                         std::span<const std::string> names) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return tl::unexpected(openssl_error("making a key"));
  Certificate server = blank(key.get(), "peeringd", server_days);
  X509_set_issuer_name(server.get(), X509_get_subject_name(ca));
  const bool extended = add_extension(server.get(), ca, NID_basic_constraints, "critical,CA:FALSE") &&
                        add_extension(server.get(), ca, NID_key_usage, "critical,digitalSignature") &&
                        add_extension(server.get(), ca, NID_ext_key_usage, "serverAuth") &&
                        add_extension(server.get(), ca, NID_subject_key_identifier, "hash") &&
                        add_extension(server.get(), ca, NID_authority_key_identifier, "keyid") &&
                        add_extension(server.get(), ca, NID_subject_alt_name, alternative_names(names));
  if (!extended || X509_sign(server.get(), ca_key, EVP_sha256()) == 0) {
    return tl::unexpected(openssl_error("signing the server's certificate"));
  }
  if (auto done = write_file(folder / "server.key", pem(key.get()), 0600); !done) return done;
  return write_file(folder / "server.pem", pem(server.get()) + pem(ca), 0644);
}

}  // namespace

Result<TlsFiles> ensure_local_authority(const fs::path& folder, std::span<const std::string> names) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0) {
    return fail(ErrorCode::io, "{} cannot be made", folder.string());
  }
  std::vector<std::string> all{"localhost", "127.0.0.1", "::1"};
  if (auto own = host_name(); own && std::find(all.begin(), all.end(), *own) == all.end()) {
    all.push_back(std::move(*own));
  }
  for (const std::string& name : names) {
    if (auto good = check_name(name); !good) return tl::unexpected(good.error());
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  Certificate ca = read_certificate(folder / "ca.pem");
  Key ca_key = read_key(folder / "ca.key");
  if (!ca || !ca_key || X509_check_private_key(ca.get(), ca_key.get()) != 1 || !lasts(ca.get())) {
    if (auto done = make_authority(folder); !done) return tl::unexpected(done.error());
    ca = read_certificate(folder / "ca.pem");
    ca_key = read_key(folder / "ca.key");
    if (!ca || !ca_key) return tl::unexpected(openssl_error("reading the new authority"));
  }
  if (!is_good(folder, ca.get(), all)) {
    if (auto done = make_server(folder, ca.get(), ca_key.get(), all); !done)
      return tl::unexpected(done.error());
  }
  return TlsFiles{(folder / "server.pem").string(), (folder / "server.key").string()};
}

}  // namespace peering::http
