#include "cli/as_code/fields.h"

#include <algorithm>
#include <cstdlib>

#include "cli/as_code/field_table.h"
#include "cli/read_file.h"
#include "model/registry.h"
#include "net/prefix.h"

namespace peering::cli::as_code {

namespace {

constexpr std::size_t secret_bytes_max = 4096;
constexpr std::string_view other_secret = "(another secret)";

std::string text_of(const json::value& value) {
  const json::string* text = value.if_string();
  return text ? std::string(text->data(), text->size()) : std::string();
}

bool is_nothing(const json::value& value) {
  if (value.is_null()) return true;
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* list = value.if_array()) return list->empty();
  const auto* object = value.if_object();
  return object && object->empty();
}

// Reads one side of the comparison. `strict`: a document, whose mistakes are named.
class Reducer {
 public:
  Reducer(std::string_view subscription, bool strict) : subscription_(subscription), strict_(strict) {}

  json::object reduce(std::span<const Field> fields, const json::object& from, const std::string& path) {
    json::object out;
    for (const Field& field : fields) {
      const json::value* given = from.if_contains(field.name);
      if (!given || given->is_null()) continue;
      json::value value = reduce(field, *given, path + std::string(field.name));
      if (is_nothing(value)) continue;
      if (!field.fallback.empty() && value == *parse_json(field.fallback)) continue;
      out[field.name] = std::move(value);
    }
    if (strict_) check_known(fields, from, path);
    return out;
  }
  const std::optional<std::string>& mistake() const { return mistake_; }

 private:
  void reject(const std::string& path, const json::value& value, std::string_view rule) {
    if (strict_ && !mistake_) mistake_ = invalid(path, json::serialize(value), rule).message;
  }

  void check_known(std::span<const Field> fields, const json::object& from, const std::string& path) {
    for (const auto& member : from) {
      const std::string_view key(member.key().data(), member.key().size());
      const bool known = std::ranges::any_of(fields, [&](const Field& field) { return field.name == key; });
      // Of a whole peering it is derived from the connections.
      const bool derived = path.ends_with("direct.") && key == "useForPeeringService";
      if (!known && !derived && !is_read_only(key)) {
        reject(path + std::string(key), member.value(), "no such field is known here");
      }
    }
  }

  json::value reduce(const Field& field, const json::value& given, const std::string& path) {
    switch (field.form) {
      case Form::text:
      case Form::word:
      case Form::region:
      case Form::prefix:
        if (!given.is_string()) reject(path, given, "a text");
        return given;
      case Form::number:
        if (!given.is_int64()) reject(path, given, "a whole number");
        return given;
      case Form::boolean:
        if (!given.is_bool()) reject(path, given, "true or false");
        return given;
      case Form::reference:
        if (!given.is_string()) reject(path, given, "the id of a resource");
        return json::value(relative_id(text_of(given), subscription_));
      case Form::secret:
        return reduce_secret(given, path);
      case Form::tags:
        return reduce_tags(given, path);
      case Form::object:
        if (!given.is_object()) reject(path, given, "an object");
        return given.is_object() ? reduce(field.fields, given.get_object(), path + ".") : json::object();
      case Form::objects:
        return reduce_list(field, given, path);
      case Form::opt_in:
        return reduce_opt_in(given, path);
      case Form::monitored:
        return reduce_monitored(given, path);
      case Form::silence:
        return reduce_silence(given, path);
      case Form::expectation:
        return reduce_expectation(given, path);
    }
    return given;
  }

  json::value reduce_secret(const json::value& given, const std::string& path) {
    if (!strict_ || is_reference(given)) return given;
    // The usual message would repeat it.
    if (!mistake_) {
      mistake_ = path + R"(: a secret is not written down but referred to: {"fromEnv": "NAME"} or )" +
                 R"({"fromFile": "path"})";
    }
    return nullptr;
  }

  json::value reduce_tags(const json::value& given, const std::string& path) {
    if (!given.is_object()) reject(path, given, "an object of texts");
    if (!given.is_object()) return nullptr;
    std::vector<std::pair<std::string, json::value>> sorted;
    for (const auto& tag : given.get_object()) sorted.emplace_back(std::string(tag.key()), tag.value());
    std::ranges::sort(sorted, {}, [](const auto& tag) { return model::lower(tag.first) + '\0' + tag.first; });
    json::object out;
    for (auto& [name, value] : sorted) out[name] = std::move(value);
    return out;
  }

  json::value reduce_list(const Field& field, const json::value& given, const std::string& path) {
    if (!given.is_array()) reject(path, given, "a list");
    if (!given.is_array()) return nullptr;
    json::array out;
    for (const json::value& item : given.get_array()) {
      const std::string each = path + "[" + std::to_string(out.size()) + "]";
      if (!item.is_object()) reject(each, item, "an object");
      out.push_back(item.is_object() ? reduce(field.fields, item.get_object(), each + ".") : json::object());
    }
    return out;
  }

  json::value reduce_opt_in(const json::value& given, const std::string& path) {
    const auto read = model::alert_opt_in_from_json(given);
    if (!read) {
      if (strict_ && !mistake_) mistake_ = path + ": " + read.error().message;
      return given;
    }
    return *read == model::AlertOptIn{} ? json::value() : model::to_json(*read);
  }

  json::value reduce_monitored(const json::value& given, const std::string& path) {
    const auto read = model::monitored_ases_from_json(given);
    if (!read) {
      if (strict_ && !mistake_) mistake_ = path + ": " + read.error().message;
      return given;
    }
    return *read == model::MonitoredAsList() ? json::value() : json::value(model::to_json(*read));
  }

  json::value reduce_silence(const json::value& given, const std::string& path) {
    const auto read = model::silence_from_json("", given);
    if (read) return model::to_json(*read);
    if (strict_ && !mistake_) mistake_ = path + "." + read.error().message;
    return given;
  }

  json::value reduce_expectation(const json::value& given, const std::string& path) {
    if (!given.is_object()) reject(path, given, "an object");
    if (!given.is_object()) return nullptr;
    json::object members = given.get_object();
    for (const std::string_view shown : {"prefix", "suggestedAsn"}) members.erase(shown);
    const auto read = model::expectation_from_json(members, strict_);
    if (!read) {
      if (strict_ && !mistake_) mistake_ = path + ": " + read.error().message;
      return members;
    }
    json::object out = model::to_json(*read).as_object();
    json::object ordered;
    for (const auto& member : out) {
      const bool stands_for_nothing = member.key() == "prefix" || (member.key() == "asn" && read->any_origin);
      if (!stands_for_nothing) ordered[member.key()] = member.value();
    }
    return ordered;
  }

  std::string_view subscription_;
  bool strict_;
  std::optional<std::string> mistake_;
};

json::array* connections_of(json::object& peering) {
  json::value* properties = peering.if_contains("properties");
  for (const std::string_view block : {"direct", "exchange"}) {
    json::value* found =
        properties && properties->is_object() ? properties->get_object().if_contains(block) : nullptr;
    json::value* list =
        found && found->is_object() ? found->get_object().if_contains("connections") : nullptr;
    if (list && list->is_array()) return &list->get_array();
  }
  return nullptr;
}

// What the server decides for connections, whatever is written.
void apply_rules_of_connections(json::object& peering) {
  json::array* connections = connections_of(peering);
  if (!connections) return;
  const json::value whole(peering);
  const json::value* direct = find(whole, "properties", "direct");
  const bool route_server =
      direct && model::lower(find_string(*direct, "directPeeringType").value_or("")) == "ixrs";
  for (json::value& item : *connections) {
    json::object& each = item.as_object();
    if (route_server) {
      each["sessionAddressProvider"] = "Peer";
      each["useForPeeringService"] = true;
    }
    const std::string provider = model::lower(find_string(item, "sessionAddressProvider").value_or(""));
    json::value* session = each.if_contains("bgpSession");
    if (provider != "microsoft" || !session || !session->is_object()) continue;
    // Addresses that the operator gives come with the approval.
    for (const std::string_view member :
         {"sessionPrefixV4", "sessionPrefixV6", "microsoftSessionIPv4Address", "peerSessionIPv4Address",
          "microsoftSessionIPv6Address", "peerSessionIPv6Address"}) {
      session->get_object().erase(member);
    }
    if (session->get_object().empty()) each.erase("bgpSession");
  }
}

}  // namespace

bool is_reference(const json::value& value) {
  const json::object* object = value.if_object();
  return object && object->size() == 1 &&
         (find_string(value, "fromEnv").has_value() || find_string(value, "fromFile").has_value());
}

json::object reduce_shown(const ResourceName& name, const json::value& shown, std::string_view subscription) {
  if (!shown.is_object()) return {};
  Reducer reducer(subscription, false);
  json::object out = reducer.reduce(fields_of(name.kind), shown.get_object(), "");
  if (name.kind == Kind::peering) apply_rules_of_connections(out);
  const json::value* secret = find(shown, "properties", "secretSet");
  if (name.kind == Kind::alert_channel && secret && *secret == true) {
    out["properties"].as_object()["secret"] = true;
  }
  return out;
}

Outcome<json::object> reduce_document(const ResourceName& name, const json::value& document,
                                      std::string_view subscription) {
  if (!document.is_object()) return usage_error("a JSON object is expected");
  Reducer reducer(subscription, true);
  json::object out = reducer.reduce(fields_of(name.kind), document.get_object(), "");
  if (reducer.mistake()) return usage_error("{}", *reducer.mistake());
  if (name.kind == Kind::peering) apply_rules_of_connections(out);
  return out;
}

Outcome<std::string> OwnSecrets::read(const json::value& reference, const std::string& folder) const {
  if (const auto variable = find_string(reference, "fromEnv")) {
    const char* value = std::getenv(variable->c_str());
    if (value && *value != '\0') return std::string(value);
    return usage_error("the environment variable {} with a secret is not set", *variable);
  }
  std::string path = find_string(reference, "fromFile").value_or("");
  if (!path.starts_with('/') && !folder.empty()) path = folder + "/" + path;
  auto secret = read_file(path, secret_bytes_max);
  if (!secret) return secret;
  if (secret->ends_with('\n')) secret->pop_back();
  if (secret->ends_with('\r')) secret->pop_back();
  if (secret->empty()) return usage_error("the file {} with a secret is empty", path);
  return secret;
}

namespace {

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

bool means_the_same(Form form, const json::value& a, const json::value& b) {
  if (!a.is_string() || !b.is_string()) return a == b;
  const std::string one = model::lower(text_of(a)), two = model::lower(text_of(b));
  if (form == Form::word || form == Form::reference) return one == two;
  if (form == Form::region) return without_blanks(one) == without_blanks(two);
  const auto left = net::Prefix::parse(one), right = net::Prefix::parse(two);
  if (form == Form::prefix && left && right) return *left == *right;
  return a == b;
}

class Settler {
 public:
  Settler(const SecretReader& secrets, const std::string& folder, bool resend)
      : secrets_(secrets), folder_(folder), resend_(resend) {}

  Outcome<void> settle(std::span<const Field> fields, json::object& wanted, json::object& shown) {
    for (const Field& field : fields) {
      json::value* want = wanted.if_contains(field.name);
      json::value* have = shown.if_contains(field.name);
      if (field.form == Form::secret) {
        if (auto done = settle_secret(want, have); !done) return done;
      } else if (field.name == "connectionIdentifier" && !want && have) {
        wanted[field.name] = *have;
      } else if (want && have) {
        if (auto done = settle(field, *want, *have); !done) return done;
      }
    }
    reorder(fields, wanted);
    return {};
  }

 private:
  // A member that was taken over goes to its place.
  static void reorder(std::span<const Field> fields, json::object& object) {
    json::object out;
    for (const Field& field : fields) {
      if (json::value* member = object.if_contains(field.name)) out[field.name] = std::move(*member);
    }
    object = std::move(out);
  }

  Outcome<void> settle(const Field& field, json::value& want, json::value& have) {
    if (field.form == Form::object && want.is_object() && have.is_object()) {
      return settle(field.fields, want.get_object(), have.get_object());
    }
    if (field.form == Form::objects && want.is_array() && have.is_array()) {
      const std::size_t both = std::min(want.get_array().size(), have.get_array().size());
      for (std::size_t i = 0; i < both; ++i) {
        auto done = settle(field.fields, want.get_array()[i].as_object(), have.get_array()[i].as_object());
        if (!done) return done;
      }
      return {};
    }
    if (means_the_same(field.form, want, have)) want = have;
    return {};
  }

  Outcome<void> settle_secret(json::value* want, json::value* have) {
    if (!have) return {};
    if (!want) {
      *have = other_secret;
      return {};
    }
    bool same = !resend_;
    if (have->is_string()) {
      const auto secret = secrets_.read(*want, folder_);
      if (!secret) return tl::unexpected(secret.error());
      same = *secret == text_of(*have);
    }
    *have = same ? *want : json::value(other_secret);
    return {};
  }

  const SecretReader& secrets_;
  const std::string& folder_;
  bool resend_;
};

// References become what they stand for.
Outcome<void> expand(std::span<const Field> fields, json::object& body, std::string_view subscription,
                     const SecretReader& secrets, const std::string& folder) {
  for (const Field& field : fields) {
    json::value* member = body.if_contains(field.name);
    if (!member) continue;
    if (field.form == Form::secret) {
      auto secret = secrets.read(*member, folder);
      if (!secret) return tl::unexpected(secret.error());
      *member = *secret;
    } else if (field.form == Form::reference && !text_of(*member).starts_with('/')) {
      *member = "/subscriptions/" + std::string(subscription) + "/" + text_of(*member);
    } else if (field.form == Form::object) {
      auto done = expand(field.fields, member->as_object(), subscription, secrets, folder);
      if (!done) return done;
    } else if (field.form == Form::objects) {
      for (json::value& item : member->as_array()) {
        auto done = expand(field.fields, item.as_object(), subscription, secrets, folder);
        if (!done) return done;
      }
    }
  }
  return {};
}

// "PEERING_SECRET" and the names, as environment variables are spelled.
std::string variable_of(std::string_view start, const std::vector<std::string>& names) {
  std::string out(start);
  for (const std::string& name : names) {
    out += '_';
    for (const char c : name) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      const bool digit = c >= '0' && c <= '9';
      out += !letter && !digit ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
  }
  return out;
}

}  // namespace

Outcome<void> settle(const ResourceName& name, json::object& wanted, json::object& shown,
                     const SecretReader& secrets, const std::string& folder, bool resend) {
  return Settler(secrets, folder, resend).settle(fields_of(name.kind), wanted, shown);
}

Outcome<json::object> body_of(const ResourceName& name, const json::object& wanted,
                              std::string_view subscription, const SecretReader& secrets,
                              const std::string& folder, bool had_secret) {
  json::object body = wanted;
  if (auto done = expand(fields_of(name.kind), body, subscription, secrets, folder); !done) {
    return tl::unexpected(done.error());
  }
  if (!body.contains("properties")) body["properties"] = json::object();
  json::object& properties = body["properties"].as_object();
  if (name.kind == Kind::alert_channel && had_secret && !properties.contains("secret")) {
    properties["secret"] = nullptr;
  }
  return body;
}

void refer_to_secrets(const ResourceName& name, json::object& reduced) {
  if (name.kind == Kind::alert_channel) {
    json::object& properties = reduced["properties"].as_object();
    if (json::value* secret = properties.if_contains("secret")) {
      *secret = json::object{{"fromEnv", variable_of("PEERING_SECRET", name.names)}};
    }
  }
  json::array* connections = name.kind == Kind::peering ? connections_of(reduced) : nullptr;
  for (std::size_t i = 0; connections && i < connections->size(); ++i) {
    json::value* session = (*connections)[i].as_object().if_contains("bgpSession");
    json::value* key = session ? session->as_object().if_contains("md5AuthenticationKey") : nullptr;
    if (!key) continue;
    std::vector<std::string> names = name.names;
    names.push_back(std::to_string(i + 1));
    *key = json::object{{"fromEnv", variable_of("PEERING_MD5", names)}};
  }
}

}  // namespace peering::cli::as_code
