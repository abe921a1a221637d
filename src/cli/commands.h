// The command table's parts, one function a noun, each in its own file.
#pragma once

#include <string>

#include "cli/command.h"
#include "cli/session.h"

namespace peering::cli {

std::vector<Command> service_commands();
std::vector<Command> prefix_commands();
std::vector<Command> catalogue_commands();
std::vector<Command> catalog_commands();
std::vector<Command> asn_commands();
std::vector<Command> peering_commands();
std::vector<Command> registration_commands();
std::vector<Command> validation_commands();
std::vector<Command> event_commands();
std::vector<Command> incident_commands();
std::vector<Command> latency_commands();
std::vector<Command> route_commands();
std::vector<Command> probe_commands();
std::vector<Command> monitoring_commands();
std::vector<Command> suggest_commands();
std::vector<Command> alert_commands();
std::vector<Command> silence_commands();
std::vector<Command> token_commands();
std::vector<Command> role_commands();
std::vector<Command> audit_commands();
std::vector<Command> subscription_commands();
std::vector<Command> offline_commands();
std::vector<Command> replay_commands();
std::vector<Command> simulate_commands();
std::vector<Command> status_commands();
std::vector<Command> as_code_commands();
std::vector<Command> deployment_commands();

/// Rows that several commands share.
OptionSpec group_option();
/// `--peering-service-name`, and `--name` for commands whose own name is the connection's.
OptionSpec service_option(bool is_name);
OptionSpec yes_option();

/// The id (a path) of what a command is about: `--id`, or a connection by group and name, or one of its
/// prefixes when `--prefix-name` is given too.
Outcome<std::string> resource_of(const Session& session, const Call& call);
/// The options that `resource_of` reads.
std::vector<OptionSpec> resource_options();

/// `--location`, or the region of the resource group, as Azure's own command line takes it when none is
/// given.
Outcome<std::string> region_of(Session& session, const Call& call);

/// `k=v` words as an object; "k" alone gets an empty value.
json::object pairs_of(const std::vector<std::string>& words);
/// The body of a PATCH from `--tags` and `--remove-tags`, one of which must be there.
Outcome<json::object> tags_patch(const Call& call);
/// A text in quotes, as `$filter` takes it.
std::string filter_literal(std::string_view text);
/// Adds the member when the option was given.
void add_text(json::object& object, std::string_view member, const Call& call, std::string_view option);

/// Asks on a terminal unless `--yes` was given; a usage error when the answer is not yes.
Outcome<void> confirm(Session& session, const Call& call, std::string_view what);
/// Deletes, and says when there was nothing to delete.
Outcome<void> remove(Session& session, std::string_view path);
/// The body of a rejection or approval: `--reason` where it was given.
json::object reason_of(const Call& call);
/// Prints what a write gave.
Outcome<void> show_written(Session& session, const Outcome<Written>& written, const Columns& columns);

}  // namespace peering::cli
