#include "api/identity_providers.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "api/json_web_token.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/client.h"
#include "http/server.h"
#include "http/url.h"
#include "model/registry.h"

namespace peering::api {

namespace {

using Clock = std::chrono::steady_clock;
using KeySetPointer = std::shared_ptr<const KeySet>;

constexpr std::size_t subject_bytes_max = 255;  // OpenID Connect Core section 2
constexpr std::size_t grants_max = 64;
constexpr double latest_date = 253402300799;  // the year 9999

arm::Failure unusable(std::string message) {
  return unauthenticated("InvalidAuthenticationToken", std::move(message), "invalid_token");
}

// A date of RFC 7519 section 2: seconds, maybe with a fraction.
std::optional<TimePoint> date_claim(const json::object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (!value || !value->is_number()) return std::nullopt;
  const double seconds = value->to_number<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > latest_date) return std::nullopt;
  return TimePoint(std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6)));
}

bool is_text(const json::value& value, std::string_view wanted) {
  return value.is_string() && value.get_string() == wanted;
}

// A text, or a list with that text.
bool names(const json::value* claim, std::string_view wanted) {
  if (!claim || !claim->is_array()) return claim && is_text(*claim, wanted);
  return std::ranges::any_of(claim->get_array(), [&](const json::value& v) { return is_text(v, wanted); });
}

// "realm_access.roles"; a claim whose own name has dots comes first.
const json::value* claim_at(const json::object& claims, std::string_view path) {
  if (const json::value* whole = claims.if_contains(path)) return whole;
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const json::value* outer = claims.if_contains(path.substr(0, dot));
  return outer && outer->is_object() ? claim_at(outer->get_object(), path.substr(dot + 1)) : nullptr;
}

Result<std::string> read_keys_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::io, "{} cannot be read", path);
  std::string out(key_set_bytes_max + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

}  // namespace

Result<ClaimGrant> parse_claim_grant(std::string_view text) {
  const std::size_t before_scope = text.rfind(' ');
  const std::size_t before_role =
      before_scope == std::string_view::npos ? before_scope : text.substr(0, before_scope).rfind(' ');
  const auto refused = [&] {
    return tl::unexpected(invalid("grants", text, "VALUE ROLE SCOPE, such as \"net-team Contributor /\""));
  };
  if (before_role == std::string_view::npos || before_role == 0) return refused();
  const auto role = parse_role(text.substr(before_role + 1, before_scope - before_role - 1));
  const auto scope = parse_scope(text.substr(before_scope + 1));
  if (!role || !scope) return refused();
  return ClaimGrant{std::string(text.substr(0, before_role)), {*role, model::lower(*scope)}};
}

std::string principal_of(std::string_view issuer, std::string_view subject) {
  Sha256 digest = sha256(std::string(issuer) + '\n' + std::string(subject));
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x80);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);
  std::string out = to_hex(std::span(digest).first(16));
  for (const std::size_t at : {20U, 16U, 12U, 8U}) out.insert(at, 1, '-');
  return out;
}

Result<void> check_keys_address(std::string_view text) {
  const auto url = http::parse_url(text, "http");
  if (!url) return tl::unexpected(url.error());
  if (url->secure || http::Endpoint{url->host, 0}.is_loopback()) return {};
  return tl::unexpected(invalid("URL", text, "https, or http on this machine"));
}

struct IdentityProviders::Issuer {
  Issuer(IssuerSettings given, Metrics& metrics, KeyTimes given_times)
      : settings(std::move(given)), times(given_times), metrics_(metrics) {
    thread = std::thread([this] { keep_keys(); });
  }
  ~Issuer() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      if (client) client->cancel();
    }
    changed.notify_all();
    thread.join();
  }

  // Fetches keys when they are wanted or old, never under the lock.
  void keep_keys() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      client = std::make_unique<http::Client>(client_options());
      lock.unlock();
      auto fresh = fetch();
      lock.lock();
      client.reset();
      metrics_
          .counter("peering_oidc_key_fetches_total", "Attempts to get the keys of OpenID Connect issuers.",
                   {{"outcome", fresh ? "ok" : "failed"}})
          .add();
      if (fresh) keys = std::make_shared<const KeySet>(std::move(*fresh));
      if (!fresh && !stopping) {
        log::warning("keys of the issuer {}: {}", settings.issuer, fresh.error().message);
      }
      wanted = false;
      last_attempt = Clock::now();
      ++attempts;
      changed.notify_all();
      const auto next = last_attempt + (keys ? times.refresh : times.pause);
      changed.wait_until(lock, next, [&] { return stopping || wanted; });
    }
  }

  http::ClientOptions client_options() const {
    http::ClientOptions out;
    out.connect_timeout = times.fetch_timeout;
    out.response_timeout = times.fetch_timeout;
    out.response_bytes_max = key_set_bytes_max;
    out.authority_file = settings.authority_file;
    return out;
  }

  // On the thread only; `client` stays as it is meanwhile.
  Result<std::string> get(const std::string& url) {
    if (auto ok = check_keys_address(url); !ok) return tl::unexpected(ok.error());
    const auto response = client->send({http::Method::get, url, {}, ""});
    if (!response) return tl::unexpected(response.error());
    if (response->status == 200) return response->body;
    return fail(ErrorCode::unavailable, "{} answers {}", url, response->status);
  }

  Result<std::string> keys_address() {
    if (!settings.jwks_uri.empty()) return settings.jwks_uri;
    std::string base = settings.issuer;
    if (base.ends_with('/')) base.pop_back();
    const std::string url = base + "/.well-known/openid-configuration";
    const auto text = get(url);
    if (!text) return text;
    const auto document = parse_json(*text);
    if (!document) return fail(ErrorCode::corrupt, "{}: {}", url, document.error().message);
    if (find_string(*document, "issuer") != settings.issuer) {
      return fail(ErrorCode::corrupt, "{} is not of this issuer (OpenID Connect Discovery section 4.3)", url);
    }
    auto out = find_string(*document, "jwks_uri");
    if (!out) return fail(ErrorCode::corrupt, "{} has no jwks_uri", url);
    return std::move(*out);
  }

  Result<KeySet> fetch() {
    Result<std::string> text;
    if (!settings.jwks_file.empty()) {
      text = read_keys_file(settings.jwks_file);
    } else {
      const auto address = keys_address();
      if (!address) return tl::unexpected(address.error());
      text = get(*address);
    }
    if (!text) return tl::unexpected(text.error());
    return parse_key_set(*text);
  }

  static bool has_key(const KeySetPointer& set, const JsonWebToken& token) {
    return set && std::ranges::any_of(*set, [&](const VerificationKey& key) {
             return key.is_for(token.algorithm()) && (token.key_id().empty() || key.id == token.key_id());
           });
  }

  // Keys with the one that the token names, as far as they can be had now; null: none at all, or others are
  // being waited for.
  KeySetPointer keys_for(const JsonWebToken& token) {
    std::unique_lock lock(mutex);
    if (has_key(keys, token)) return keys;
    const bool rested = attempts == 0 || Clock::now() - last_attempt >= times.pause;
    if (!rested) return keys;
    // One may wait: whoever invents names of keys cannot hold all workers.
    if (waiting) return nullptr;
    waiting = true;
    wanted = true;
    changed.notify_all();
    const bool done =
        changed.wait_for(lock, times.wait, [&, seen = attempts] { return stopping || attempts != seen; });
    waiting = false;
    return done ? keys : nullptr;
  }

  arm::Expected<Caller> accept(const JsonWebToken& token, TimePoint at);
  arm::Expected<void> check_times(const json::object& claims, TimePoint at, TimePoint& expires) const;
  std::vector<Grant> grants_of(const json::object& claims) const;

  const IssuerSettings settings;
  const KeyTimes times;
  Metrics& metrics_;
  std::mutex mutex;
  std::condition_variable changed;
  KeySetPointer keys;
  std::unique_ptr<http::Client> client;
  bool wanted = false, waiting = false, stopping = false;
  std::uint64_t attempts = 0;
  Clock::time_point last_attempt{};
  std::thread thread;
};

arm::Expected<void> IdentityProviders::Issuer::check_times(const json::object& claims, TimePoint at,
                                                           TimePoint& expires) const {
  const auto end = date_claim(claims, "exp");
  if (!end) return tl::unexpected(unusable("The access token does not say when it expires (exp)."));
  expires = *end + settings.clock_skew;
  if (expires <= at) {
    return tl::unexpected(unauthenticated(
        "ExpiredAuthenticationToken", fmt::format("The access token expired on '{}'.", format_rfc3339(*end)),
        "invalid_token"));
  }
  for (const std::string_view name : {"nbf", "iat"}) {
    if (!claims.contains(name)) continue;
    const auto start = date_claim(claims, name);
    if (!start || *start > at + settings.clock_skew) {
      return tl::unexpected(unusable(fmt::format("The access token is not valid yet ({}).", name)));
    }
  }
  return {};
}

std::vector<Grant> IdentityProviders::Issuer::grants_of(const json::object& claims) const {
  std::vector<Grant> out;
  const json::value* roles = claim_at(claims, settings.roles_claim);
  for (const ClaimGrant& each : settings.grants) {
    if (names(roles, each.value) && out.size() < grants_max) out.push_back(each.grant);
  }
  return out;
}

arm::Expected<Caller> IdentityProviders::Issuer::accept(const JsonWebToken& token, TimePoint at) {
  if (std::ranges::find(settings.algorithms, token.algorithm()) == settings.algorithms.end()) {
    return tl::unexpected(unusable("The access token is signed with an algorithm that is not accepted."));
  }
  const KeySetPointer set = keys_for(token);
  if (!set) {
    return tl::unexpected(arm::Failure{503,
                                       "ServiceUnavailable",
                                       "The keys of the token's issuer cannot be had now; try again.",
                                       {{"Retry-After", "1"}}});
  }
  const bool genuine = std::ranges::any_of(*set, [&](const VerificationKey& key) {
    return (token.key_id().empty() || key.id == token.key_id()) && token.signed_by(key);
  });
  if (!genuine) return tl::unexpected(unusable("The access token's signature is invalid."));
  const json::object& claims = token.claims();
  if (!names(claims.if_contains("aud"), settings.audience)) {
    return tl::unexpected(unusable("The access token is for another audience."));
  }
  TimePoint expires;
  if (auto ok = check_times(claims, at, expires); !ok) return tl::unexpected(ok.error());
  const json::value* subject = claim_at(claims, settings.subject_claim);
  if (!subject || !subject->is_string() || subject->get_string().empty() ||
      subject->get_string().size() > subject_bytes_max) {
    return tl::unexpected(unusable("The access token does not say whom it is for."));
  }
  Caller out;
  out.id = principal_of(settings.issuer, subject->get_string());
  out.grants = grants_of(claims);
  out.issuer = settings.issuer;
  out.subject = std::string(subject->get_string());
  return out;
}

IdentityProviders::IdentityProviders(std::vector<IssuerSettings> issuers, Metrics& metrics, KeyTimes times) {
  for (IssuerSettings& each : issuers) {
    issuers_.push_back(std::make_unique<Issuer>(std::move(each), metrics, times));
  }
}

IdentityProviders::~IdentityProviders() = default;

arm::Expected<Caller> IdentityProviders::authenticate(std::string_view text, TimePoint at) {
  const auto token = JsonWebToken::read(text);
  if (!token) return tl::unexpected(unusable("The access token is invalid."));
  const json::value* name = token->claims().if_contains("iss");
  for (const auto& issuer : issuers_) {
    if (name && is_text(*name, issuer->settings.issuer)) return issuer->accept(*token, at);
  }
  return tl::unexpected(unauthenticated("InvalidAuthenticationTokenTenant",
                                        "The access token is from an issuer that is not accepted here.",
                                        "invalid_token"));
}

}  // namespace peering::api
