// `registered-asn` and `registered-prefix`: what a partner registers for customers with a peering.
#include "cli/commands.h"
#include "http/query.h"

namespace peering::cli {

namespace {

const Columns asn_columns = {
    {"Name", "name"},
    {"AS number", "properties.asn", Show::number},
    {"Key", "properties.peeringServicePrefixKey"},
    {"State", "properties.provisioningState", Show::state},
};
const Columns prefix_columns = {
    {"Name", "name"},
    {"Prefix", "properties.prefix"},
    {"State", "properties.prefixValidationState", Show::state},
    {"Key", "properties.peeringServicePrefixKey"},
    {"Message", "properties.errorMessage"},
};

// The two kinds differ in their collection, and in the option that names one.
struct Kind {
  std::string_view collection;
  std::string_view name_option;
  std::string_view what;
  const Columns& columns;
};
const Kind asn_kind{"registeredAsns", "registered-asn-name", "registered AS number", asn_columns};
const Kind prefix_kind{"registeredPrefixes", "registered-prefix-name", "registered prefix", prefix_columns};

Outcome<std::string> collection_of(const Session& session, const Call& call, const Kind& kind) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return fmt::format("{}/providers/Microsoft.Peering/peerings/{}/{}",
                     group_path(*subscription, call.value("resource-group")),
                     http::percent_encode(call.value("peering-name")), kind.collection);
}

Outcome<std::string> path_of(const Session& session, const Call& call, const Kind& kind) {
  const auto collection = collection_of(session, call, kind);
  if (!collection) return collection;
  return *collection + "/" + http::percent_encode(call.value(kind.name_option));
}

Outcome<void> create(Session& session, const Call& call, const Kind& kind, json::object properties) {
  const auto path = path_of(session, call, kind);
  if (!path) return tl::unexpected(path.error());
  const json::object body{{"properties", std::move(properties)}};
  return show_written(session, session.api().put(*path, body), kind.columns);
}

template <const Kind& kind>
Outcome<void> show(Session& session, const Call& call) {
  const auto path = path_of(session, call, kind);
  if (!path) return tl::unexpected(path.error());
  const auto one = session.api().get(*path);
  if (!one) return tl::unexpected(one.error());
  session.print_one(*one, kind.columns);
  return {};
}

template <const Kind& kind>
Outcome<void> list(Session& session, const Call& call) {
  const auto path = collection_of(session, call, kind);
  if (!path) return tl::unexpected(path.error());
  const auto all = session.api().list(*path);
  if (!all) return tl::unexpected(all.error());
  session.print_list(*all, kind.columns);
  return {};
}

template <const Kind& kind>
Outcome<void> remove_one(Session& session, const Call& call) {
  const auto path = path_of(session, call, kind);
  if (!path) return tl::unexpected(path.error());
  const std::string what = fmt::format("{} {}", kind.what, call.value(kind.name_option));
  if (auto sure = confirm(session, call, what); !sure) return sure;
  return remove(session, *path);
}

Outcome<void> create_asn(Session& session, const Call& call) {
  return create(session, call, asn_kind, {{"asn", call.number("asn").value_or(0)}});
}

Outcome<void> create_prefix(Session& session, const Call& call) {
  return create(session, call, prefix_kind, {{"prefix", call.value("prefix")}});
}

Outcome<void> validate(Session& session, const Call& call) {
  const auto path = path_of(session, call, prefix_kind);
  if (!path) return tl::unexpected(path.error());
  return show_written(session, session.api().post(*path + "/validate", json::value()), prefix_columns);
}

}  // namespace

std::vector<Command> registration_commands() {
  const OptionSpec group = group_option();
  const OptionSpec peering{"--peering-name", "name of the peering", OptionKind::text, true};
  const OptionSpec asn_name{"--registered-asn-name,--name,-n", "name of the entry", OptionKind::text, true};
  const OptionSpec prefix_name{"--registered-prefix-name,--name,-n", "name of the entry", OptionKind::text,
                               true};
  const OptionSpec asn{"--asn", "the customer's AS number", OptionKind::number, true};
  const OptionSpec prefix{"--prefix", "network and length, e.g. 203.0.113.0/24", OptionKind::text, true};
  return {
      {"registered-asn create",
       "Register a customer's AS number and get its key.",
       {group, peering, asn_name, asn},
       create_asn},
      {"registered-asn show", "Show it, with the key.", {group, peering, asn_name}, show<asn_kind>},
      {"registered-asn list", "List those of a peering.", {group, peering}, list<asn_kind>},
      {"registered-asn delete",
       "End a registration.",
       {group, peering, asn_name, yes_option()},
       remove_one<asn_kind>},
      {"registered-prefix create",
       "Register a customer's prefix and get its key.",
       {group, peering, prefix_name, prefix},
       create_prefix},
      {"registered-prefix show", "Show it, with the key.", {group, peering, prefix_name}, show<prefix_kind>},
      {"registered-prefix list", "List those of a peering.", {group, peering}, list<prefix_kind>},
      {"registered-prefix delete",
       "End a registration.",
       {group, peering, prefix_name, yes_option()},
       remove_one<prefix_kind>},
      {"registered-prefix validate", "Validate it again.", {group, peering, prefix_name}, validate},
  };
}

}  // namespace peering::cli
