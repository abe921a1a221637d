#include "api/template/template.h"

#include <algorithm>
#include <array>
#include <map>

#include "api/arm/names.h"
#include "api/template/resource_ids.h"
#include "model/registry.h"

namespace peering::api::tmpl {

namespace {

using model::lower;

constexpr std::array<std::string_view, 10> known_members = {
    "$schema",   "contentVersion", "apiProfile", "parameters",      "variables",
    "resources", "outputs",        "metadata",   "languageVersion", "definitions"};

// Members of a resource in a template that are not sent with it.
constexpr std::array<std::string_view, 13> own_members = {
    "type",      "apiVersion", "name",     "dependsOn", "condition",     "copy",          "scope",
    "resources", "comments",   "metadata", "existing",  "resourceGroup", "subscriptionId"};

// Types of ours that lie in the subscription, from wherever they are deployed.
constexpr std::array<std::string_view, 4> subscription_types = {
    "microsoft.peering/peerasns", "open.peering/alertchannels", "open.peering/silences",
    "microsoft.resources/resourcegroups"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view view(const json::key_value_pair& member) {
  return {member.key().data(), member.key().size()};
}

// "Microsoft.Peering/peeringServices/office", as dependsOn may name a resource.
std::string relative_id(const std::string& id) {
  const std::size_t at = id.rfind("/providers/");
  return at == std::string::npos ? id : id.substr(at + std::string_view("/providers/").size());
}

}  // namespace

tl::unexpected<arm::Failure> invalid_template(std::string_view message) {
  return arm::refuse(400, "InvalidTemplate",
                     fmt::format("Deployment template validation failed: {}.", message));
}

arm::Expected<std::unique_ptr<Template>> Template::read(const json::value& text,
                                                        const json::value& parameters, Target target) {
  if (!text.is_object()) return invalid_template("the template is no JSON object");
  std::unique_ptr<Template> out(new Template(text.get_object(), std::move(target)));
  if (auto ok = out->check_members(); !ok) return tl::unexpected(ok.error());
  if (const json::value* variables = out->text_.if_contains("variables")) {
    if (!variables->is_object()) return invalid_template("'variables' is no object");
    out->variables_ = variables->get_object();
    if (out->variables_.size() > variables_max) {
      return invalid_template(fmt::format("'variables' has more than {} members", variables_max));
    }
  }
  out->evaluator_ = std::make_unique<Evaluator>(out->target_, out->parameters_, out->variables_);
  if (auto ok = out->read_parameters(parameters); !ok) return tl::unexpected(ok.error());
  return out;
}

arm::Expected<void> Template::check_members() const {
  for (const auto& member : text_) {
    if (is_one_of(known_members, view(member))) continue;
    if (view(member) == "functions")
      return invalid_template("'functions': functions of one's own are not supported");
    return invalid_template(fmt::format("could not find member '{}' on object of type 'Template'. Path '{}'",
                                        view(member), view(member)));
  }
  for (const std::string_view needed : {"$schema", "contentVersion"}) {
    const json::value* text = text_.if_contains(needed);
    if (!text || !text->is_string() || text->get_string().empty()) {
      return invalid_template(fmt::format("'{}' is missing: a text is required", needed));
    }
  }
  if (const json::value* types = text_.if_contains("definitions");
      types && types->is_object() && !types->get_object().empty()) {
    return invalid_template("'definitions': types of one's own are not supported");
  }
  if (!text_.contains("resources")) return invalid_template("'resources' is missing");
  return {};
}

arm::Expected<std::string> Template::text_of(const json::object& source, std::string_view member,
                                             const std::string& path) {
  const std::string where = fmt::format("{}.{}", path, member);
  const json::value* given = source.if_contains(member);
  if (!given) return invalid_template(fmt::format("'{}' is missing", where));
  const auto value = evaluator_->evaluate(*given, where);
  if (!value) return invalid_template(value.error().message);
  if (value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
  return invalid_template(fmt::format("'{}' is {}, not a text", where, json::serialize(*value)));
}

arm::Expected<void> Template::make_plan() {
  const json::value& resources = text_.at("resources");
  const bool symbolic = ::peering::find_string(text_, "languageVersion").value_or("") == "2.0";
  if (resources.is_object() != symbolic || (!resources.is_object() && !resources.is_array())) {
    return invalid_template("'resources' is an array, or with languageVersion 2.0 an object");
  }
  if (auto done = add_all(resources, nullptr, "resources"); !done) return done;
  std::map<std::string, std::string> seen;
  for (const Planned& each : plan_) {
    const auto [at, added] = seen.emplace(each.key, each.path);
    if (added) continue;
    return invalid_template(fmt::format("the resource '{}' is defined more than once: at '{}' and '{}'",
                                        each.id, at->second, each.path));
  }
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    if (auto done = find_needs(i); !done) return done;
  }
  return put_in_order();
}

arm::Expected<void> Template::add_all(const json::value& resources, const Planned* parent,
                                      const std::string& path) {
  if (resources.is_object()) {
    for (const auto& member : resources.get_object()) {
      const std::string here = fmt::format("{}.{}", path, view(member));
      if (!member.value().is_object()) return invalid_template(fmt::format("'{}' is no object", here));
      auto done = add(member.value().get_object(), parent, std::string(view(member)), here);
      if (!done) return done;
    }
    return {};
  }
  if (!resources.is_array()) return invalid_template(fmt::format("'{}' is no array", path));
  std::size_t number = 0;
  for (const json::value& each : resources.get_array()) {
    const std::string here = fmt::format("{}[{}]", path, number++);
    if (!each.is_object()) return invalid_template(fmt::format("'{}' is no object", here));
    if (auto done = add(each.get_object(), parent, "", here); !done) return done;
  }
  return {};
}

arm::Expected<void> Template::add(const json::object& source, const Planned* parent, std::string symbolic,
                                  const std::string& path) {
  Planned frame;
  frame.path = path;
  frame.symbolic = std::move(symbolic);
  frame.rounds = evaluator_->rounds();
  const json::value* copy = source.if_contains("copy");
  if (!copy) return add_one(source, parent, std::move(frame));
  const auto name = ::peering::find_string(*copy, "name");
  const json::value* count = ::peering::find(*copy, "count");
  if (!name || !count) return invalid_template(fmt::format("'{}.copy' needs name and count", path));
  if (parent) return invalid_template(fmt::format("'{}.copy': a nested resource cannot be copied", path));
  const auto rounds = evaluator_->evaluate(*count, path + ".copy.count");
  if (!rounds) return invalid_template(rounds.error().message);
  if (!rounds->is_int64() || rounds->get_int64() < 0 || rounds->get_int64() > copies_max) {
    return invalid_template(fmt::format("'{}.copy.count' is {}: a number from 0 to {} is expected", path,
                                        json::serialize(*rounds), copies_max));
  }
  frame.copy = *name;
  if (rounds->get_int64() == 0) skipped_.push_back(lower(*name));
  for (std::int64_t i = 0; i < rounds->get_int64(); ++i) {
    evaluator_->rounds().push_back({*name, i, false});
    Planned made = frame;
    made.rounds = evaluator_->rounds();
    auto done = add_one(source, parent, std::move(made));
    evaluator_->rounds().pop_back();
    if (!done) return done;
  }
  return {};
}

arm::Expected<void> Template::add_one(const json::object& source, const Planned* parent, Planned made) {
  if (plan_.size() >= resources_max) {
    return invalid_template(fmt::format("a template makes at most {} resources", resources_max));
  }
  bool wanted = true;
  if (const json::value* condition = source.if_contains("condition")) {
    const auto value = evaluator_->evaluate(*condition, made.path + ".condition");
    if (!value) return invalid_template(value.error().message);
    if (!value->is_bool()) {
      return invalid_template(
          fmt::format("'{}.condition' is {}, not true or false", made.path, json::serialize(*value)));
    }
    wanted = value->get_bool();
  }
  if (auto done = name_resource(source, parent, made); !done) return done;
  if (!wanted) {
    for (const std::string& each : {made.id, made.name, made.symbolic, made.copy})
      skipped_.push_back(lower(each));
    return {};
  }
  if (const json::value* existing = source.if_contains("existing")) {
    made.exists = existing->is_bool() && existing->get_bool();
  }
  made.source = &source;
  const std::size_t own = plan_.size();
  std::size_t above = own;
  for (std::size_t i = 0; parent && i < plan_.size(); ++i) {
    if (plan_[i].id == parent->id) above = i;
  }
  parents_.push_back(above);
  plan_.push_back(made);
  const json::value* nested = source.if_contains("resources");
  return nested ? add_all(*nested, &made, made.path + ".resources") : arm::Expected<void>();
}

arm::Expected<void> Template::name_resource(const json::object& source, const Planned* parent,
                                            Planned& made) {
  auto type = text_of(source, "type", made.path), name = text_of(source, "name", made.path);
  auto version = text_of(source, "apiVersion", made.path);
  for (const auto* each : {&type, &name, &version}) {
    if (!*each) return tl::unexpected(each->error());
  }
  made.api_version = std::move(*version);
  // A nested resource is named after its parent, unless it has a namespace of its own.
  const bool whole = type->substr(0, type->find('/')).find('.') != std::string::npos;
  made.type = parent && !whole ? parent->type + "/" + *type : *type;
  made.name = parent && !whole ? parent->name + "/" + *name : *name;
  const auto scope = scope_of(source, made);
  if (!scope) return tl::unexpected(scope.error());
  if (lower(made.type) == "microsoft.resources/resourcegroups") {
    made.id = *scope + "/resourceGroups/" + made.name;
    made.key = lower(made.id);
    return {};
  }
  const auto id = make_id(*scope, made.type, split_names(made.name));
  if (!id) return invalid_template(fmt::format("at '{}': {}", made.path, id.error().message));
  made.id = *id;
  made.key = lower(made.id);
  return {};
}

arm::Expected<std::string> Template::scope_of(const json::object& source, const Planned& made) {
  const std::string subscription = "/subscriptions/" + target_.subscription;
  std::string out = target_.scope();
  if (is_one_of(subscription_types, lower(made.type))) out = subscription;
  if (source.contains("scope")) {
    const auto given = text_of(source, "scope", made.path);
    if (!given) return given;
    const bool is_name = !given->starts_with('/');
    out = is_name ? id_of(*given) : *given;
    if (is_name && out == *given)
      out = subscription + "/resourceGroups/" + target_.resource_group + "/providers/" + *given;
  } else if (source.contains("resourceGroup")) {
    const auto group = text_of(source, "resourceGroup", made.path);
    if (!group) return group;
    out = subscription + "/resourceGroups/" + *group;
  }
  const std::string scope = lower(out) + "/";
  const bool inside = scope.starts_with(lower(subscription) + "/");
  const bool nested =
      source.contains("resourceGroup") && lower(made.type) == "microsoft.resources/deployments";
  const bool own_group = scope.starts_with(lower(target_.scope()) + "/") || out == subscription || nested;
  if (inside && own_group) return out;
  return invalid_template(
      fmt::format("the scope '{}' of the resource at '{}' lies outside the deployment's, '{}'", out,
                  made.path, target_.scope()));
}

std::string Template::id_of(const std::string& name) const {
  const std::string wanted = lower(name);
  if (wanted.empty()) return name;
  for (const Planned& each : plan_) {
    const bool fits = each.key == wanted || lower(each.symbolic) == wanted || lower(each.name) == wanted ||
                      lower(relative_id(each.id)) == wanted;
    if (fits) return each.id;
  }
  for (const Planned& each : plan_) {
    if (lower(split_names(each.name).back()) == wanted) return each.id;
  }
  return name;
}

const Planned* Template::find(std::string_view id) const {
  const auto found = std::ranges::find(plan_, lower(id), &Planned::key);
  return found == plan_.end() ? nullptr : &*found;
}

arm::Expected<void> Template::find_needs(std::size_t index) {
  Planned& planned = plan_[index];
  evaluator_->rounds() = planned.rounds;
  std::vector<std::pair<std::string, bool>> names;  // and whether it must be in the template
  if (const json::value* given = planned.source->if_contains("dependsOn")) {
    const auto list = evaluator_->evaluate(*given, planned.path + ".dependsOn");
    if (!list) return invalid_template(list.error().message);
    if (!list->is_array()) return invalid_template(fmt::format("'{}.dependsOn' is no array", planned.path));
    for (const json::value& each : list->get_array()) {
      if (!each.is_string()) {
        return invalid_template(
            fmt::format("'{}.dependsOn': {} is no text", planned.path, json::serialize(each)));
      }
      names.emplace_back(std::string(each.get_string()), true);
    }
  }
  for (const auto& member : *planned.source) {
    if (is_one_of(own_members, view(member))) continue;
    const auto found =
        evaluator_->references_in(member.value(), fmt::format("{}.{}", planned.path, view(member)));
    if (!found) return invalid_template(found.error().message);
    for (const std::string& each : *found) names.emplace_back(each, false);
  }
  evaluator_->rounds().clear();
  // A child, also one that is not nested, comes after its parent.
  if (parents_[index] != index) planned.needs.push_back(parents_[index]);
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const bool lies_in = i != index && planned.key.size() > plan_[i].key.size() &&
                         planned.key[plan_[i].key.size()] == '/' && planned.key.starts_with(plan_[i].key);
    if (lies_in) planned.needs.push_back(i);
  }
  for (const auto& [name, required] : names) {
    const std::string wanted = lower(name), id = lower(id_of(name));
    bool found = is_one_of(skipped_, wanted);
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const bool of_copy =
          !wanted.empty() && (lower(plan_[i].copy) == wanted || lower(plan_[i].symbolic) == wanted);
      if (plan_[i].key != id && !of_copy) continue;
      found = true;
      planned.needs.push_back(i);
    }
    if (!found && required) {
      return invalid_template(fmt::format(
          "the resource '{}', which '{}' depends on, is not defined in the template", name, planned.path));
    }
  }
  return {};
}

arm::Expected<void> Template::put_in_order() {
  std::vector<bool> done(plan_.size());
  order_.clear();
  while (order_.size() < plan_.size()) {
    const std::size_t before = order_.size();
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (done[i] || !std::ranges::all_of(plan_[i].needs, [&](std::size_t each) { return done[each]; }))
        continue;
      done[i] = true;
      order_.push_back(i);
    }
    if (order_.size() > before) continue;
    std::string waiting;
    for (std::size_t i = 0; i < plan_.size() && waiting.size() < 400; ++i) {
      if (!done[i]) waiting += (waiting.empty() ? "'" : ", '") + plan_[i].path + "'";
    }
    return invalid_template(fmt::format("circular dependency detected among the resources {}", waiting));
  }
  return {};
}

arm::Expected<json::object> Template::body_of(const Planned& planned, const ReferenceReader& reader) {
  evaluator_->rounds() = planned.rounds;
  evaluator_->set_reference_reader(reader);
  json::object out;
  std::optional<Error> wrong;
  for (const auto& member : *planned.source) {
    if (is_one_of(own_members, view(member))) continue;
    const std::string path = fmt::format("{}.{}", planned.path, view(member));
    // An inner template's expressions are its own where it says so.
    const bool nested =
        lower(planned.type) == "microsoft.resources/deployments" && view(member) == "properties";
    const json::value* options =
        nested ? ::peering::find(member.value(), "expressionEvaluationOptions") : nullptr;
    const bool inner = options && lower(::peering::find_string(*options, "scope").value_or("")) == "inner";
    json::value source = member.value();
    if (inner) source.as_object().erase("template");
    auto value = evaluator_->evaluate(source, path);
    if (value && inner) value->as_object()["template"] = member.value().at("template");
    const auto paid = value ? evaluator_->charge(*value) : Result<void>();
    if (!value || !paid) {
      wrong = value ? paid.error() : value.error();
      break;
    }
    out[view(member)] = std::move(*value);
  }
  evaluator_->set_reference_reader(nullptr);
  evaluator_->rounds().clear();
  if (wrong) return invalid_template(wrong->message);
  return out;
}

}  // namespace peering::api::tmpl
