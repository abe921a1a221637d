#include "api/subscription_document.h"

#include <algorithm>

#include "api/arm/names.h"

namespace peering::api {

namespace {

constexpr std::string_view unregistered_member = "unregisteredProviders";
constexpr std::string_view workspace_member = "workspaceId";

bool names(const json::value& entry, std::string_view name_space) {
  return entry.is_string() && arm::same_name(std::string_view(entry.get_string()), name_space);
}

}  // namespace

bool is_registered(const json::object& subscription, std::string_view name_space) {
  const json::value* given_up = subscription.if_contains(unregistered_member);
  if (!given_up || !given_up->is_array()) return true;
  return std::ranges::none_of(given_up->get_array(),
                              [&](const json::value& each) { return names(each, name_space); });
}

void set_registered(json::object& subscription, std::string_view name_space, bool registered) {
  json::array left;
  if (const json::value* given_up = subscription.if_contains(unregistered_member)) {
    for (const json::value& each : given_up->as_array()) {
      if (!names(each, name_space)) left.push_back(each);
    }
  }
  if (!registered) left.emplace_back(name_space);
  if (left.empty()) {
    subscription.erase(unregistered_member);
  } else {
    subscription[unregistered_member] = std::move(left);
  }
}

std::optional<std::string> workspace_of(const json::object& subscription) {
  return find_string(json::value(subscription), workspace_member);
}

void set_workspace(json::object& subscription, std::string_view id) { subscription[workspace_member] = id; }

arm::Expected<Record> load_subscription(const Call& call) {
  constexpr std::string_view list = "/subscriptions/";
  return load_existing(call, call.key.substr(0, call.key.find('/', list.size())));
}

arm::Expected<void> check_registered(const Call& call, std::string_view name_space) {
  const auto subscription = load_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  if (is_registered(subscription->document, name_space)) return {};
  return arm::refuse(409, "MissingSubscriptionRegistration",
                     fmt::format("The subscription is not registered to use namespace '{}'. Register it with "
                                 "POST /subscriptions/<id>/providers/<namespace>/register.",
                                 name_space));
}

}  // namespace peering::api
