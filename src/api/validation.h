// How handlers judge prefixes.
#pragma once

#include "api/call.h"
#include "api/prefix_judge.h"

namespace peering::api {

/// Judges by what is in force at this moment of the call.
PrefixJudge judge_of(const Call& call);

/// What the stored peering service chose.
ChosenProvider chosen_provider(const json::object& service);

/// The prefix of its record and of the settings beside it, read from the store so that they are never behind.
arm::Expected<model::RegisteredPrefix> registered_prefix_of(const Call& call, const Record& record);

/// The validation of a registered prefix of a partner, under its peering.
arm::Expected<PrefixValidation> validation_of_registered(const Call& call, PrefixJudge& judge,
                                                         const Record& record, const json::object& peering);

}  // namespace peering::api
