// Parameters and outputs of a template: what goes in and what is told.
#include <algorithm>

#include "api/template/template.h"
#include "model/registry.h"

namespace peering::api::tmpl {

namespace {

using model::lower;

bool is_secure(std::string_view type) { return lower(type).starts_with("secure"); }

// "securestring" as Azure writes it back.
std::string shown_type(std::string_view type) {
  const std::string name = lower(type);
  if (name == "securestring") return "SecureString";
  if (name == "secureobject") return "SecureObject";
  std::string out = name;
  if (!out.empty()) out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

bool is_type(std::string_view type) {
  const std::string name = lower(type);
  return name == "string" || name == "securestring" || name == "int" || name == "bool" || name == "object" ||
         name == "secureobject" || name == "array";
}

bool has_type(const json::value& value, std::string_view type) {
  const std::string name = lower(type);
  if (name == "string" || name == "securestring") return value.is_string();
  if (name == "int") return value.is_int64();
  if (name == "bool") return value.is_bool();
  if (name == "array") return value.is_array();
  return value.is_object();
}

// `what` is in messages; the value of a secure parameter is not.
arm::Expected<void> check_limits(const json::value& declared, const json::value& value,
                                 std::string_view what) {
  const json::value* allowed = find(declared, "allowedValues");
  if (allowed && allowed->is_array()) {
    const json::array& list = allowed->get_array();
    if (std::ranges::find(list, value) == list.end()) {
      return invalid_template(
          fmt::format("{} is not part of the allowed value(s): {}", what, json::serialize(*allowed)));
    }
  }
  std::int64_t size = 0;
  if (value.is_int64()) size = value.get_int64();
  if (value.is_string()) size = static_cast<std::int64_t>(value.get_string().size());
  if (value.is_array()) size = static_cast<std::int64_t>(value.get_array().size());
  const bool counts = value.is_string() || value.is_array();
  for (const auto& [limit, is_number, is_least] :
       {std::tuple("minValue", true, true), std::tuple("maxValue", true, false),
        std::tuple("minLength", false, true), std::tuple("maxLength", false, false)}) {
    const json::value* given = find(declared, limit);
    if (!given || !given->is_int64() || (is_number ? !value.is_int64() : !counts)) continue;
    const bool fits = is_least ? size >= given->get_int64() : size <= given->get_int64();
    if (!fits)
      return invalid_template(fmt::format("{} does not respect {} {}", what, limit, given->get_int64()));
  }
  return {};
}

}  // namespace

arm::Expected<void> Template::read_parameters(const json::value& given) {
  const json::object none;
  const json::value* declared = text_.if_contains("parameters");
  if (declared && !declared->is_object()) return invalid_template("'parameters' is no object");
  const json::object& declarations = declared ? declared->get_object() : none;
  if (declarations.size() > parameters_max) {
    return invalid_template(fmt::format("'parameters' has more than {} members", parameters_max));
  }
  if (!given.is_object() && !given.is_null()) return invalid_template("the parameters given are no object");
  const json::object& values = given.is_object() ? given.get_object() : none;
  for (const auto& member : values) {
    const std::string_view name(member.key().data(), member.key().size());
    if (find_member(declarations, name)) continue;
    std::string known;
    for (const auto& each : declarations)
      known += (known.empty() ? "'" : ", '") + std::string(each.key()) + "'";
    return invalid_template(
        fmt::format("the template parameter '{}' in the parameters file is not valid; it is not present in "
                    "the original template, which has {}",
                    name, known.empty() ? "none" : known));
  }
  for (const auto& member : declarations) {
    const std::string_view name(member.key().data(), member.key().size());
    if (auto done = read_parameter(name, member.value(), find_member(values, name)); !done) return done;
  }
  return {};
}

arm::Expected<void> Template::read_parameter(std::string_view name, const json::value& declared,
                                             const json::value* given) {
  const std::string path = fmt::format("parameters.{}", name);
  const std::string type = ::peering::find_string(declared, "type").value_or("");
  if (!is_type(type)) {
    return invalid_template(
        fmt::format("'{}.type' is '{}': string, securestring, int, bool, object, secureObject or array "
                    "is expected",
                    path, type));
  }
  const json::value* value = given ? ::peering::find(*given, "value") : nullptr;
  if (given && ::peering::find(*given, "reference")) {
    return invalid_template(
        fmt::format("the parameter '{}' refers to a key vault; there is none here", name));
  }
  if (given && !value) return invalid_template(fmt::format("the parameter '{}' has no 'value'", name));
  const json::value* fallback = ::peering::find(declared, "defaultValue");
  const json::value* nullable = ::peering::find(declared, "nullable");
  json::value final_value;
  if (value && !value->is_null()) {
    final_value = *value;
  } else if (fallback) {
    auto made = evaluator_->evaluate(*fallback, path + ".defaultValue");
    if (!made) return invalid_template(made.error().message);
    final_value = std::move(*made);
  } else if (!nullable || *nullable != true) {
    return invalid_template(fmt::format("the value for the template parameter '{}' is not provided", name));
  }
  if (!final_value.is_null()) {
    const std::string what = is_secure(type) ? fmt::format("the value of the template parameter '{}'", name)
                                             : invalid(name, json::serialize(final_value), "").message;
    if (!has_type(final_value, type)) {
      return invalid_template(fmt::format("the value of the template parameter '{}' is not of the type {}",
                                          name, shown_type(type)));
    }
    const std::string said = is_secure(type) ? what
                                             : fmt::format("the value {} of the template parameter '{}'",
                                                           json::serialize(final_value), name);
    if (auto ok = check_limits(declared, final_value, said); !ok) return ok;
  }
  types_.emplace_back(std::string(name), type);
  parameters_[name] = std::move(final_value);
  return {};
}

json::object Template::shown_parameters() const {
  json::object out;
  for (const auto& [name, type] : types_) {
    json::object each{{"type", shown_type(type)}};
    if (!is_secure(type)) each["value"] = parameters_.at(name);
    out[name] = std::move(each);
  }
  return out;
}

arm::Expected<json::object> Template::outputs(const ReferenceReader& reader) {
  json::object out;
  const json::value* declared = text_.if_contains("outputs");
  if (!declared) return out;
  if (!declared->is_object() || declared->get_object().size() > outputs_max) {
    return invalid_template(fmt::format("'outputs' is an object of at most {} members", outputs_max));
  }
  evaluator_->set_reference_reader(reader);
  std::optional<std::string> wrong;
  for (const auto& member : declared->get_object()) {
    const std::string path = "outputs." + std::string(member.key());
    const std::string type = ::peering::find_string(member.value(), "type").value_or("");
    const json::value* condition = ::peering::find(member.value(), "condition");
    const auto wanted =
        condition ? evaluator_->evaluate(*condition, path + ".condition") : Result<json::value>(true);
    if (wanted && *wanted == false) continue;
    const json::value* copy = ::peering::find(member.value(), "copy");
    json::value source =
        ::peering::find(member.value(), "value") ? member.value().at("value") : json::value();
    if (copy && copy->is_object()) {
      json::object named = copy->get_object();
      named["name"] = "value";
      source = json::object{{"copy", json::array{std::move(named)}}};
    }
    auto value = evaluator_->evaluate(source, path + ".value");
    const auto paid = value ? evaluator_->charge(*value) : Result<void>();
    if (!is_type(type)) wrong = fmt::format("'{}.type' is '{}', which is no type", path, type);
    if (!wanted) wrong = wanted.error().message;
    if (!value) wrong = value.error().message;
    if (!paid) wrong = paid.error().message;
    if (wrong) break;
    if (copy && copy->is_object()) value = value->at("value");
    if (!has_type(*value, type) && !value->is_null()) {
      wrong = fmt::format("'{}.value' is not of the type {}", path, shown_type(type));
      break;
    }
    json::object each{{"type", shown_type(type)}};
    if (!is_secure(type)) each["value"] = std::move(*value);
    out[member.key()] = std::move(each);
  }
  evaluator_->set_reference_reader(nullptr);
  if (wrong) return invalid_template(*wrong);
  return out;
}

}  // namespace peering::api::tmpl
