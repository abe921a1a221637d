// Tokens of other issuers: signed with OpenSSL, keys served by our own server, judged as configured.
#include "api/identity_providers.h"

#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/json_web_token.h"
#include "api/token_maker_for_tests.h"
#include "base/log.h"
#include "http/server_for_tests.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const SigningKey& first_key() {
  static const SigningKey key = SigningKey::rsa("first");
  return key;
}
const SigningKey& second_key() {
  static const SigningKey key = SigningKey::rsa("second");
  return key;
}
const SigningKey& curve_key() {
  static const SigningKey key = SigningKey::ec("curve");
  return key;
}

class Issuers : public http::ServerTest {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    start([this](const http::Request& request) { return serve(request); });
    serve_keys({first_key().jwk(), curve_key().jwk()});
  }

  http::Response serve(const http::Request& request) {
    const std::lock_guard lock(mutex_);
    ++fetches_[request.target];
    http::Response out;
    out.status = status_;
    out.body =
        request.target == "/keys"
            ? keys_
            : json::serialize(json::object{{"issuer", discovered_issuer_}, {"jwks_uri", url("/keys")}});
    return out;
  }
  void serve_keys(const std::vector<json::object>& keys) {
    const std::lock_guard lock(mutex_);
    keys_ = key_set_of(keys);
  }
  void answer_with(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  int fetches(const std::string& target) {
    const std::lock_guard lock(mutex_);
    return fetches_[target];
  }

  IssuerSettings settings() const {
    IssuerSettings out;
    out.issuer = "https://login.example.net";
    out.audience = "https://peering.example.net";
    out.jwks_uri = url("/keys");
    out.algorithms = {"RS256", "ES256"};
    out.grants = {*parse_claim_grant("net team Contributor /subscriptions/" + guid_),
                  *parse_claim_grant("boss Owner /")};
    return out;
  }
  std::unique_ptr<IdentityProviders> with(IssuerSettings given, KeyTimes times = {}) {
    std::vector<IssuerSettings> list;
    list.push_back(std::move(given));
    return std::make_unique<IdentityProviders>(std::move(list), metrics_, times);
  }
  /// Claims that are accepted.
  static json::object claims() {
    return {{"iss", "https://login.example.net"},
            {"aud", "https://peering.example.net"},
            {"sub", "ada"},
            {"exp", 1800003600},
            {"nbf", 1800000000},
            {"iat", 1800000000},
            {"roles", json::array{"net team"}}};
  }
  static json::object claims_with(std::string_view name, json::value value) {
    json::object out = claims();
    if (value.is_null()) {
      out.erase(name);
    } else {
      out[name] = std::move(value);
    }
    return out;
  }
  static std::string code(IdentityProviders& identities, const std::string& token) {
    const auto caller = identities.authenticate(token, at_);
    return caller ? "" : caller.error().code;
  }

  static inline const TimePoint at_ = *parse_rfc3339("2027-01-15T08:00:10Z");  // 1800000010
  const std::string guid_ = "00000000-0000-4000-8000-00000000000a";
  std::string discovered_issuer_;

 private:
  std::mutex mutex_;
  std::string keys_;
  int status_ = 200;
  std::map<std::string, int> fetches_;
};

TEST_F(Issuers, AcceptWhatTheyAreConfiguredToAndGrantWhatClaimsSay) {
  const auto identities = with(settings());
  for (const auto& token : {first_key().token(claims(), "RS256"), curve_key().token(claims(), "ES256")}) {
    const auto caller = identities->authenticate(token, at_);
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->id, principal_of("https://login.example.net", "ada"));
    EXPECT_THAT(caller->grants, testing::ElementsAre(Grant{Role::contributor, "/subscriptions/" + guid_}));
  }
  const auto nobody =
      identities->authenticate(first_key().token(claims_with("roles", "clerk"), "RS256"), at_);
  ASSERT_TRUE(nobody);
  EXPECT_TRUE(nobody->grants.empty());
  const auto boss = identities->authenticate(first_key().token(claims_with("roles", "boss"), "RS256"), at_);
  EXPECT_THAT(boss->grants, testing::ElementsAre(Grant{Role::owner, "/"}));
}

TEST_F(Issuers, EveryAlgorithmThatCanBeConfiguredWorks) {
  IssuerSettings given = settings();
  given.algorithms = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"};
  const SigningKey wide = SigningKey::ec("wide", "P-384"), wider = SigningKey::ec("wider", "P-521");
  serve_keys({first_key().jwk(), curve_key().jwk(), wide.jwk(), wider.jwk()});
  const auto identities = with(given);
  for (const auto* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    EXPECT_EQ(code(*identities, first_key().token(claims(), name)), "") << name;
  }
  EXPECT_EQ(code(*identities, curve_key().token(claims(), "ES256")), "");
  EXPECT_EQ(code(*identities, wide.token(claims(), "ES384")), "");
  EXPECT_EQ(code(*identities, wider.token(claims(), "ES512")), "");
}

TEST_F(Issuers, RefuseWhatIsNotSignedOrNotAsConfigured) {
  const auto identities = with(settings());
  const std::string good = first_key().token(claims(), "RS256");
  ASSERT_EQ(code(*identities, good), "");
  const std::string body = good.substr(0, good.rfind('.'));
  const std::string none =
      to_base64url(R"({"alg":"none"})") + "." + to_base64url(json::serialize(claims())) + ".";
  const json::object modulus = first_key().jwk();
  // The public key taken for a shared secret.
  const std::string shared =
      to_base64url(R"({"alg":"HS256","kid":"first"})") + "." + to_base64url(json::serialize(claims()));
  const Sha256 mac = hmac_sha256(modulus.at("n").as_string(), shared);
  const std::string confused =
      shared + "." + to_base64url(std::string_view(reinterpret_cast<const char*>(mac.data()), mac.size()));
  for (const std::string& token :
       {body + ".",
        body,
        body + "." + to_base64url("no signature"),
        none,
        none + "x",
        confused,
        first_key().token(claims(), "RS384"),
        first_key().token(claims(), "PS256"),
        second_key().token(claims(), json::object{{"alg", "RS256"}, {"kid", "first"}}),
        first_key().token(claims(), json::object{{"alg", "RS256"}, {"kid", "curve"}}),
        curve_key().token(claims(), json::object{{"alg", "ES256"}, {"kid", "first"}}),
        first_key().token(claims(), json::object{{"alg", "RS256"}, {"crit", json::array{"exp"}}}),
        first_key().token(claims(), json::object{{"alg", "RS256"}, {"crit", json::array{}}}),
        good + "." + good,
        good + "=",
        good + "A=j3p",
        body + ".AAAAA",
        std::string("a.b.c"),
        std::string(".."),
        std::string("not a token"),
        std::string(),
        std::string(json_web_token_bytes_max + 1, 'a')}) {
    EXPECT_EQ(code(*identities, token), "InvalidAuthenticationToken") << token.substr(0, 200);
  }
  std::string changed = body;
  changed.insert(changed.find('.') + 1, to_base64url(" "));
  EXPECT_NE(code(*identities, changed + good.substr(good.rfind('.'))), "");
}

TEST_F(Issuers, JudgeClaims) {
  const auto identities = with(settings());
  struct Case {
    std::string_view name;
    json::value value;
    std::string_view code;
  };
  constexpr std::string_view refused = "InvalidAuthenticationToken";
  for (const Case& each : {Case{"exp", 1800000009.5, ""},
                           Case{"exp", 1799999951, ""},
                           Case{"exp", 1799999950, "ExpiredAuthenticationToken"},
                           Case{"exp", 0, "ExpiredAuthenticationToken"},
                           Case{"exp", nullptr, refused},
                           Case{"exp", "1800003600", refused},
                           Case{"exp", -1, refused},
                           Case{"exp", 1e300, refused},
                           Case{"nbf", 1800000070, ""},
                           Case{"nbf", 1800000071, refused},
                           Case{"nbf", nullptr, ""},
                           Case{"nbf", "now", refused},
                           Case{"iat", 1800000071, refused},
                           Case{"iat", nullptr, ""},
                           Case{"aud", "https://other.example.net", refused},
                           Case{"aud", json::array{"x", "https://peering.example.net"}, ""},
                           Case{"aud", json::array{}, refused},
                           Case{"aud", nullptr, refused},
                           Case{"aud", 7, refused},
                           Case{"sub", nullptr, refused},
                           Case{"sub", "", refused},
                           Case{"sub", 7, refused},
                           Case{"sub", json::string(256, 'a'), refused},
                           Case{"iss", "https://evil.example.net", "InvalidAuthenticationTokenTenant"},
                           Case{"iss", "https://login.example.net/", "InvalidAuthenticationTokenTenant"},
                           Case{"iss", nullptr, "InvalidAuthenticationTokenTenant"},
                           Case{"roles", 7, ""}}) {
    const std::string token = first_key().token(claims_with(each.name, each.value), "RS256");
    EXPECT_EQ(code(*identities, token), each.code) << each.name << " " << json::serialize(each.value);
  }
}

TEST_F(Issuers, RolesMayBeInsideObjectsAndSubjectsInOtherClaims) {
  IssuerSettings given = settings();
  given.roles_claim = "realm_access.roles";
  given.subject_claim = "oid";
  const auto identities = with(given);
  json::object nested = claims_with("realm_access", json::object{{"roles", json::array{"boss"}}});
  EXPECT_EQ(code(*identities, first_key().token(nested, "RS256")), "InvalidAuthenticationToken");
  nested["oid"] = "o-1";
  const auto caller = identities->authenticate(first_key().token(nested, "RS256"), at_);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->id, principal_of("https://login.example.net", "o-1"));
  EXPECT_THAT(caller->grants, testing::ElementsAre(Grant{Role::owner, "/"}));
}

TEST_F(Issuers, AreAskedForKeysAgainWhenATokenNamesOneThatIsNotKnown) {
  const auto identities = with(settings(), {.refresh = 1h, .pause = 50ms, .wait = 10s});
  EXPECT_EQ(code(*identities, first_key().token(claims(), "RS256")), "");
  const std::string fresh = second_key().token(claims(), "RS256");
  serve_keys({second_key().jwk()});
  const auto until = std::chrono::steady_clock::now() + 20s;
  std::string answer = "not asked";
  while (!answer.empty() && std::chrono::steady_clock::now() < until) answer = code(*identities, fresh);
  EXPECT_EQ(answer, "");
  // The one that is gone from the set is refused from then on.
  EXPECT_EQ(code(*identities, first_key().token(claims(), "RS256")), "InvalidAuthenticationToken");
}

TEST_F(Issuers, AreNotAskedForEveryInventedKey) {
  const auto identities = with(settings(), {.refresh = 1h, .pause = 1h, .wait = 10s});
  EXPECT_EQ(code(*identities, first_key().token(claims(), "RS256")), "");
  for (int i = 0; i < 100; ++i) {
    const json::object header{{"alg", "RS256"}, {"kid", "invented-" + std::to_string(i)}};
    EXPECT_EQ(code(*identities, second_key().token(claims(), header)), "InvalidAuthenticationToken");
  }
  EXPECT_EQ(fetches("/keys"), 1);
}

TEST_F(Issuers, KeepTheirKeysWhileNoOthersCanBeHad) {
  const auto identities = with(settings(), {.refresh = 10ms, .pause = 10ms, .wait = 10s});
  const std::string token = first_key().token(claims(), "RS256");
  EXPECT_EQ(code(*identities, token), "");
  answer_with(500);
  const int before = fetches("/keys");
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (fetches("/keys") < before + 3 && std::chrono::steady_clock::now() < until) {
    EXPECT_EQ(code(*identities, token), "");
  }
  EXPECT_GE(fetches("/keys"), before + 3);
  EXPECT_EQ(code(*identities, token), "");
}

TEST_F(Issuers, WhoseKeysCannotBeHadAreNotTheCallersFault) {
  answer_with(500);
  const auto identities = with(settings(), {.refresh = 1h, .pause = 1h, .wait = 10s});
  const auto caller = identities->authenticate(first_key().token(claims(), "RS256"), at_);
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().status, 503);
  EXPECT_THAT(caller.error().headers, testing::Contains(testing::Pair("Retry-After", "1")));
}

TEST_F(Issuers, TellByTheirConfigurationWhereTheirKeysAre) {
  IssuerSettings given = settings();
  given.jwks_uri.clear();
  given.issuer = url("/tenant/");
  discovered_issuer_ = given.issuer;
  const std::string token = first_key().token(claims_with("iss", json::string(given.issuer)), "RS256");
  {
    const auto identities = with(given);
    EXPECT_EQ(code(*identities, token), "");
    EXPECT_EQ(fetches("/tenant/.well-known/openid-configuration"), 1);
  }
  discovered_issuer_ = "https://someone.else.example";
  const auto deceived = with(given);
  EXPECT_EQ(code(*deceived, token), "ServiceUnavailable");
}

TEST(KeySets, LeaveOutWhatVerifiesNoSignatures) {
  json::object encryption = first_key().jwk(), secret{{"kty", "oct"}, {"k", "c2VjcmV0"}, {"kid", "s"}};
  encryption["use"] = "enc";
  json::object wrong = curve_key().jwk();
  wrong["alg"] = "RS256";
  const json::object small = SigningKey::rsa("small", 1024).jwk();
  json::object padded = curve_key().jwk();
  padded["x"] = "evBy7qf4=j3pwYhg";
  EXPECT_FALSE(parse_key_set(key_set_of({encryption, secret, wrong, small, padded, {}})));
  const auto set = parse_key_set(key_set_of({encryption, secret, curve_key().jwk(), small}));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->size(), 1U);
  EXPECT_EQ(set->front().id, "curve");
  EXPECT_TRUE(set->front().is_for("ES256"));
  EXPECT_FALSE(set->front().is_for("ES384"));
  EXPECT_FALSE(set->front().is_for("RS256"));
  for (const std::string_view text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[7]})"}) {
    EXPECT_FALSE(parse_key_set(text)) << text;
  }
}

TEST(KeyAddresses, AreHttpsUnlessOnThisMachine) {
  for (const auto* good : {"https://login.example.net/keys", "http://127.0.0.1:80/keys", "http://localhost/",
                           "http://[::1]:8080/keys"}) {
    EXPECT_TRUE(check_keys_address(good)) << good;
  }
  for (const auto* bad : {"http://login.example.net/keys", "ftp://127.0.0.1/", "keys.json", ""}) {
    EXPECT_FALSE(check_keys_address(bad)) << bad;
  }
}

TEST(ClaimGrants, NameAValueARoleAndAScope) {
  const auto grant = parse_claim_grant("network operators Operator /");
  ASSERT_TRUE(grant);
  EXPECT_EQ(*grant, (ClaimGrant{"network operators", {Role::operator_, "/"}}));
  for (const auto* bad : {"", "x", "x Owner", "Owner /", " Owner /", "x King /", "x Owner nowhere"}) {
    EXPECT_FALSE(parse_claim_grant(bad)) << bad;
  }
}

}  // namespace
}  // namespace peering::api
