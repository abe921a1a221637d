// The routes that are there now for a prefix, or for every prefix of a connection.
#include "api/documents.h"
#include "api/handlers.h"
#include "api/observed.h"
#include "api/route_document.h"

namespace peering::api {

namespace {

constexpr std::size_t shown_prefixes_max = 1000;

arm::Expected<void> add_routes(const Call& call, const Record& record, json::array& out) {
  const auto monitoring = load(call, record.stored.key + std::string(monitoring_suffix));
  if (!monitoring) return tl::unexpected(monitoring.error());
  const json::value settings(*monitoring ? (*monitoring)->document : json::object());
  const auto registered =
      registered_prefix_from_documents(json::value(record.document), *monitoring ? &settings : nullptr);
  if (!registered) return arm::failed(registered.error());
  const auto routes = call.services.routes(registered->expectation.prefix);
  if (!routes) return arm::failed(routes.error());
  const rib::VrpTablePointer vrps = call.services.vrps ? call.services.vrps() : nullptr;
  const model::UnheardFeedsPointer unheard = unheard_feeds(call);
  for (const rib::Route& route : *routes) {
    if (route.peer && route.attributes)
      out.push_back(shown_route(registered->expectation, route, vrps, *unheard));
  }
  return {};
}

}  // namespace

arm::Answer list_current_routes(Call& call) {
  const std::string base_key = call.base_key();
  const auto base = load_parent(call, base_key);
  if (!base) return tl::unexpected(base.error());
  std::vector<Record> prefixes{*base};
  if (base->stored.type == peering_service_type) {
    auto all = load_all(call, prefix_type, base_key + "/", shown_prefixes_max);
    if (!all) return tl::unexpected(all.error());
    prefixes = std::move(*all);
  }
  json::array routes;
  for (const Record& prefix : prefixes) {
    if (auto done = add_routes(call, prefix, routes); !done) return tl::unexpected(done.error());
  }
  return arm::json_response(200, json::object{{"routes", std::move(routes)}});
}

}  // namespace peering::api
