#include "cli/registration.h"

namespace peering::cli {

namespace {

// A partner and a place of the default catalogue that fit the simulation's routers.
constexpr std::string_view provider = "Colt Technology Services", location = "Noord-Holland";
constexpr std::string_view primary_metro = "Amsterdam", backup_metro = "Frankfurt";
constexpr std::string_view region = "westeurope", channel = "demo-webhook";

// Writes one resource; the first failure stops everything after it.
class Registration {
 public:
  explicit Registration(ApiClient& api) : api_(api) {}

  void put(const std::string& path, const json::value& body) {
    if (failure_) return;
    if (const auto done = api_.put(path, body); !done) {
      failure_ = done.error();
      failure_->message = path + ": " + failure_->message;
    }
  }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  ApiClient& api_;
  std::optional<Failure> failure_;
};

json::object expectation(const sim::Customer& customer) {
  const auto numbers = [](const std::vector<net::Asn>& list) {
    return json::array(list.begin(), list.end());
  };
  json::object out{{"asn", numbers(customer.origins)}};
  if (!customer.upstreams.empty()) out["upstreams"] = numbers(customer.upstreams);
  if (!customer.backup_upstreams.empty()) out["backup_upstreams"] = numbers(customer.backup_upstreams);
  out["description"] = "simulated customer " + customer.name;
  return {{"properties", std::move(out)}};
}

void add_connection(Registration& registration, const sim::Customer& customer, const std::string& service,
                    bool alerts) {
  registration.put(
      service, json::object{{"location", region},
                            {"tags", json::object{{"made-by", "peeringctl simulate"}}},
                            {"properties", json::object{{"peeringServiceProvider", provider},
                                                        {"peeringServiceLocation", location},
                                                        {"providerPrimaryPeeringLocation", primary_metro},
                                                        {"providerBackupPeeringLocation", backup_metro}}}});
  for (std::size_t i = 0; i < customer.prefixes.size(); ++i) {
    const std::string prefix = service + "/prefixes/" + prefix_name(i);
    const json::object properties{{"prefix", customer.prefixes[i].to_string()}};
    registration.put(prefix, json::object{{"properties", properties}});
    registration.put(extension_path(prefix, "monitoring/default"), expectation(customer));
  }
  if (!alerts) return;
  const json::object opt_in{
      {"enabled", true}, {"channels", json::array{channel}}, {"minimumLevel", "Warning"}};
  registration.put(extension_path(service, "monitoring/default"),
                   json::object{{"properties", json::object{{"alerts", opt_in}}}});
}

}  // namespace

std::string prefix_name(std::size_t index) { return "prefix-" + std::to_string(index + 1); }

Outcome<std::vector<std::string>> register_world(ApiClient& api, const sim::World& world,
                                                 const RegistrationOptions& options) {
  Registration registration(api);
  const std::string& subscription = options.subscription;
  registration.put(subscription_path(subscription), json::object{{"displayName", "Simulation"}});
  registration.put(group_path(subscription, options.group), json::object{{"location", region}});
  if (!options.webhook.empty()) {
    json::object properties{{"type", "webhook"}, {"url", options.webhook}};
    if (!options.webhook_secret.empty()) properties["secret"] = options.webhook_secret;
    registration.put(extension_path(subscription_path(subscription), "alertChannels/" + std::string(channel)),
                     json::object{{"properties", std::move(properties)}});
  }
  std::vector<std::string> out;
  for (const sim::Customer& customer : world.customers) {
    out.push_back(service_path(subscription, options.group, customer.name));
    add_connection(registration, customer, out.back(), !options.webhook.empty());
  }
  if (registration.failure()) return tl::unexpected(*registration.failure());
  return out;
}

}  // namespace peering::cli
