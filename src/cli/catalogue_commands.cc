// `service location|country|provider list`: what can be chosen.
#include "cli/commands.h"

namespace peering::cli {

namespace {

Outcome<void> list(Session& session, std::string_view type, const Query& query, const Columns& columns) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const std::string path =
      subscription_path(*subscription) + "/providers/Microsoft.Peering/" + std::string(type);
  const auto items = session.api().list(path, query);
  if (!items) return tl::unexpected(items.error());
  session.print_list(*items, columns);
  return {};
}

Outcome<void> countries(Session& session, const Call&) {
  return list(session, "peeringServiceCountries", {}, {{"Country", "name"}});
}

Outcome<void> locations(Session& session, const Call& call) {
  Query query;
  if (const auto country = call.text("country")) query.add("country", *country);
  return list(session, "peeringServiceLocations", query,
              {{"State", "properties.state"},
               {"Country", "properties.country"},
               {"Region", "properties.azureRegion"}});
}

Outcome<void> providers(Session& session, const Call&) {
  return list(session, "peeringServiceProviders", {},
              {{"Provider", "properties.serviceProviderName"}, {"Metros", "properties.peeringLocations"}});
}

}  // namespace

std::vector<Command> catalogue_commands() {
  return {
      {"service country list", "List the countries in which customers can be.", {}, countries},
      {"service location list",
       "List the states and provinces in which customers can be.",
       {{"--country", "only those of this country"}},
       locations},
      {"service provider list", "List the partners and their metros.", {}, providers},
  };
}

}  // namespace peering::cli
