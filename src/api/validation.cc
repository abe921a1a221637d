// Open.Peering/validation: each requirement of a prefix, of all prefixes of a connection, or of a prefix that
// a partner registered.
#include "api/validation.h"

#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/observed.h"
#include "api/prefix_body.h"

namespace peering::api {

PrefixJudge judge_of(const Call& call) {
  const Services& services = call.services;
  return PrefixJudge(services.catalog(), services.registry(), services.sessions(), services.settings,
                     services.routes);
}

ChosenProvider chosen_provider(const json::object& service) {
  const json::value* properties = service.if_contains("properties");
  if (!properties) return {};
  const auto text = [&](std::string_view key) { return find_string(*properties, key).value_or(""); };
  return {text("peeringServiceProvider"), text("providerPrimaryPeeringLocation"),
          text("providerBackupPeeringLocation")};
}

arm::Expected<model::RegisteredPrefix> registered_prefix_of(const Call& call, const Record& record) {
  const auto monitoring = load(call, record.stored.key + std::string(monitoring_suffix));
  if (!monitoring) return tl::unexpected(monitoring.error());
  const json::value document(*monitoring ? (*monitoring)->document : json::object());
  const auto out =
      registered_prefix_from_documents(json::value(record.document), *monitoring ? &document : nullptr);
  if (!out) return arm::failed(out.error());
  return *out;
}

namespace {

// The verdict with what is not observed of it.
json::object observed_verdict(const Call& call, const net::Prefix& prefix, PrefixValidation validation) {
  std::vector<NotObserved> missing;
  // A feed that fell silent is rare: only then the routes are asked for once more.
  const model::UnheardFeedsPointer unheard = unheard_feeds(call);
  if (!unheard->feeds.empty()) {
    const auto routes = call.services.routes(prefix);
    if (routes) missing = not_observed(*unheard, prefix, *routes);
  }
  doubt(validation, missing);
  json::object out = to_json(validation, call.at);
  mark_observed(out, missing);
  return out;
}

}  // namespace

arm::Expected<PrefixValidation> validation_of_registered(const Call& call, PrefixJudge& judge,
                                                         const Record& record, const json::object& peering) {
  const auto prefix =
      net::Prefix::parse(find_string(record.document.at("properties"), "prefix").value_or(""));
  if (!prefix) return arm::failed(prefix.error());
  return judge.judge_registered(*prefix, peering, age_of(record, call.at));
}

arm::Answer get_prefix_validation(Call& call) {
  const std::string key = call.base_key();
  const auto service = load_parent(call, arm::parent_of(key));
  if (!service) return tl::unexpected(service.error());
  const auto record = load_existing(call, key);
  if (!record) return tl::unexpected(record.error());
  const auto prefix = registered_prefix_of(call, *record);
  if (!prefix) return tl::unexpected(prefix.error());
  PrefixJudge judge = judge_of(call);
  PrefixValidation out = judge.judge(*prefix, chosen_provider(service->document), call.at);
  return arm::json_response(200, observed_verdict(call, prefix->expectation.prefix, std::move(out)));
}

arm::Answer get_connection_validation(Call& call) {
  const std::string key = call.base_key();
  const auto service = load_existing(call, key);
  if (!service) return tl::unexpected(service.error());
  const ChosenProvider chosen = chosen_provider(service->document);
  PrefixJudge judge = judge_of(call);
  return list_stored(
      call, prefix_type, key + "/prefixes/", [&](const Record& record) -> arm::Expected<json::value> {
        const auto prefix = registered_prefix_of(call, record);
        if (!prefix) return tl::unexpected(prefix.error());
        json::object out{{"id", record.document.at("id")},
                         {"prefix", prefix->expectation.prefix.to_string()}};
        const net::Prefix& own = prefix->expectation.prefix;
        for (auto& member : observed_verdict(call, own, judge.judge(*prefix, chosen, call.at))) {
          out[member.key()] = std::move(member.value());
        }
        return out;
      });
}

arm::Answer get_registered_prefix_validation(Call& call) {
  const std::string key = call.base_key();
  const auto peering = load_parent(call, arm::parent_of(key));
  if (!peering) return tl::unexpected(peering.error());
  const auto record = load_existing(call, key);
  if (!record) return tl::unexpected(record.error());
  PrefixJudge judge = judge_of(call);
  auto out = validation_of_registered(call, judge, *record, peering->document);
  if (!out) return tl::unexpected(out.error());
  const auto prefix =
      net::Prefix::parse(find_string(record->document.at("properties"), "prefix").value_or(""));
  return arm::json_response(200, observed_verdict(call, prefix.value_or(net::Prefix()), std::move(*out)));
}

}  // namespace peering::api
