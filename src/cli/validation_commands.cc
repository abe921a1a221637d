// `validation show`: each requirement of a prefix, and what to do.
#include "cli/commands.h"

namespace peering::cli {

namespace {

const Columns requirement_columns = {
    {"Requirement", "name"}, {"Result", "result", Show::state},
    {"Session", "session"},  {"Message", "message"},
    {"Seen", "seen"},        {"What to do", "action"},
};
const Columns state_columns = {
    {"Prefix", "prefix"},
    {"State", "state", Show::state},
    {"Message", "errorMessage"},
};

json::array requirements_of(const json::value& validation) {
  const json::value* list = find(validation, "requirements");
  return list && list->is_array() ? list->get_array() : json::array();
}

bool is_table(const Session& session) { return session.settings().format == Format::table; }

Outcome<void> show_all(Session& session, const std::string& path) {
  const auto all = session.api().list(path);
  if (!all) return tl::unexpected(all.error());
  session.print_list(*all, state_columns);
  return {};
}

Outcome<void> show(Session& session, const Call& call) {
  const auto resource = resource_of(session, call);
  if (!resource) return tl::unexpected(resource.error());
  const std::string path = extension_path(*resource, "validation");
  const bool one = call.text("prefix-name") || resource->find("refixes/") != std::string::npos;
  if (!one) return show_all(session, path);
  const auto validation = session.api().get(path);
  if (!validation) return tl::unexpected(validation.error());
  if (!is_table(session)) {
    session.print_one(*validation, state_columns);
    return {};
  }
  session.print_one(*validation, Columns(state_columns.begin() + 1, state_columns.end()));
  session.out() << "\n";
  session.print_list(requirements_of(*validation), requirement_columns);
  return {};
}

}  // namespace

std::vector<Command> validation_commands() {
  return {{"validation show", "Show what a prefix must meet, what was seen, and what to do.",
           resource_options(), show}};
}

}  // namespace peering::cli
