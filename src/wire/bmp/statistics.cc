// The types of statistics, and what of a message is of no known type.
#include <algorithm>
#include <array>

#include "wire/bmp/message.h"

namespace peering::wire::bmp {

namespace {

struct StatisticRow {
  std::string_view name;
  StatisticForm form;
};

constexpr StatisticForm counter = StatisticForm::counter;
constexpr StatisticForm gauge = StatisticForm::gauge;
constexpr StatisticForm family_gauge = StatisticForm::family_gauge;

// By type: RFC 7854 section 4.8, from 14 on RFC 8671 section 6.2.
constexpr std::array<StatisticRow, 18> rows{{
    {"rejected_prefixes", counter},
    {"duplicate_prefixes", counter},
    {"duplicate_withdrawals", counter},
    {"invalidated_cluster_list_loop", counter},
    {"invalidated_as_path_loop", counter},
    {"invalidated_originator_id", counter},
    {"invalidated_confederation_loop", counter},
    {"adj_rib_in_routes", gauge},
    {"loc_rib_routes", gauge},
    {"adj_rib_in_family_routes", family_gauge},
    {"loc_rib_family_routes", family_gauge},
    {"updates_treated_as_withdraw", counter},
    {"prefixes_treated_as_withdraw", counter},
    {"duplicate_updates", counter},
    {"adj_rib_out_pre_policy_routes", gauge},
    {"adj_rib_out_post_policy_routes", gauge},
    {"adj_rib_out_pre_policy_family_routes", family_gauge},
    {"adj_rib_out_post_policy_family_routes", family_gauge},
}};

constexpr std::size_t width_of(StatisticForm form) {
  switch (form) {
    case StatisticForm::counter:
      return 4;
    case StatisticForm::gauge:
      return 8;
    case StatisticForm::family_gauge:
      return 11;
    case StatisticForm::unknown:
      break;
  }
  return 0;
}

std::size_t count_others(const std::vector<Tlv>& tlvs, std::initializer_list<std::uint16_t> known) {
  return static_cast<std::size_t>(std::ranges::count_if(
      tlvs, [&](const Tlv& one) { return std::ranges::find(known, one.type) == known.end(); }));
}

std::size_t unknown_in(const StatisticsReport& message) {
  return static_cast<std::size_t>(
      std::ranges::count_if(message.statistics, [](const Statistic& one) { return !one.known(); }));
}

std::size_t unknown_in(const PeerDown& message) {
  return count_others(message.information(), {tlv::text, tlv::table_name});
}

std::size_t unknown_in(const PeerUp& message) {
  return count_others(message.information, {tlv::text, tlv::table_name, tlv::admin_label});
}

std::size_t unknown_in(const Initiation& message) {
  return count_others(message.information, {tlv::text, tlv::system_description, tlv::system_name});
}

std::size_t unknown_in(const Termination& message) {
  return count_others(message.information, {tlv::text, tlv::termination_reason});
}

std::size_t unknown_in(const RouteMirroring& message) {
  return count_others(message.mirrored, {tlv::mirrored_message, tlv::mirroring_information});
}

std::size_t unknown_in(const RouteMonitoring&) { return 0; }

std::size_t unknown_in(const UnknownMessage&) { return 0; }

}  // namespace

StatisticForm statistic_form(std::uint16_t type) {
  return type < rows.size() ? rows[type].form : StatisticForm::unknown;
}

std::string_view statistic_name(std::uint16_t type) {
  return type < rows.size() ? rows[type].name : std::string_view();
}

bool Statistic::known() const {
  const StatisticForm form = statistic_form(type);
  return form != StatisticForm::unknown && (sent.empty() || sent.size() == width_of(form));
}

std::size_t unknown_values(const Message& message) {
  return std::visit([](const auto& content) { return unknown_in(content); }, message);
}

const PerPeerHeader* peer_of(const Message& message) {
  return std::visit(
      [](const auto& content) -> const PerPeerHeader* {
        if constexpr (requires { content.peer; }) {
          return &content.peer;
        } else {
          return nullptr;
        }
      },
      message);
}

}  // namespace peering::wire::bmp
