#include "api/template/evaluator.h"

#include <algorithm>

#include "api/template/functions.h"
#include "api/template/resource_ids.h"
#include "model/registry.h"

namespace peering::api::tmpl {

namespace {

std::string_view view(const json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
}

// Bytes that a value takes, roughly; nothing when it is nested too deep.
std::optional<std::size_t> weight(const json::value& value, int depth = 0) {
  if (depth > value_depth_max) return std::nullopt;
  std::size_t out = 16;
  if (value.is_string()) out += value.get_string().size();
  if (value.is_array()) {
    for (const json::value& each : value.get_array()) {
      const auto inner = weight(each, depth + 1);
      if (!inner) return inner;
      out += *inner;
    }
  }
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      const auto inner = weight(member.value(), depth + 1);
      if (!inner) return inner;
      out += *inner + member.key().size();
    }
  }
  return out;
}

Error placed(const Error& error, const std::string& path) {
  // The innermost place is named, once.
  if (error.message.starts_with("at '")) return error;
  return Error{error.code, fmt::format("at '{}': {}", path, error.message)};
}

std::string joined(const std::string& path, std::string_view member) {
  return path.empty() ? std::string(member) : fmt::format("{}.{}", path, member);
}

tl::unexpected<Error> mistake(std::string message) {
  return tl::unexpected(Error{ErrorCode::invalid_argument, std::move(message)});
}

}  // namespace

std::string Target::scope() const {
  std::string out = "/subscriptions/" + subscription;
  if (!resource_group.empty()) out += "/resourceGroups/" + resource_group;
  return out;
}

const json::value* find_member(const json::object& object, std::string_view name) {
  if (const json::value* exact = object.if_contains(name)) return exact;
  const std::string wanted = model::lower(name);
  for (const auto& member : object) {
    if (model::lower(std::string_view(member.key().data(), member.key().size())) == wanted)
      return &member.value();
  }
  return nullptr;
}

Evaluator::Evaluator(const Target& target, const json::object& parameters, const json::object& variables)
    : target_(target), parameters_(parameters), variables_(variables) {}

Result<void> Evaluator::charge(const json::value& value) {
  const auto size = weight(value);
  if (!size) return fail(ErrorCode::limit_exceeded, "a value is nested deeper than {}", value_depth_max);
  work_ += *size;
  if (work_ <= work_max) return {};
  return fail(ErrorCode::limit_exceeded, "the expressions of the template make more than {} bytes of values",
              work_max);
}

Result<json::value> Evaluator::evaluate(const json::value& value, const std::string& path) {
  if (value.is_object()) return evaluate_object(value.get_object(), path);
  if (value.is_array()) {
    json::array out;
    for (const json::value& each : value.get_array()) {
      auto item = evaluate(each, fmt::format("{}[{}]", path, out.size()));
      if (!item) return item;
      out.push_back(std::move(*item));
    }
    return out;
  }
  if (!value.is_string()) return value;
  auto out = evaluate_text(view(value));
  if (!out) return tl::unexpected(placed(out.error(), path));
  return out;
}

Result<json::value> Evaluator::evaluate_text(std::string_view text) {
  if (!is_expression(text)) return json::value(literal_of(text));
  const auto node = parse_expression(text);
  if (!node) return tl::unexpected(node.error());
  return evaluate(*node);
}

Result<json::value> Evaluator::evaluate_object(const json::object& object, const std::string& path) {
  json::object out;
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    const std::string inner = joined(path, key);
    if (key == "copy" && member.value().is_array()) {
      if (auto done = evaluate_copies(member.value(), inner, out); !done) return tl::unexpected(done.error());
      continue;
    }
    auto value = evaluate(member.value(), inner);
    if (!value) return value;
    out[key] = std::move(*value);
  }
  return out;
}

// `"copy": [{"name": …, "count": …, "input": …}]` in an object makes lists of its members.
Result<void> Evaluator::evaluate_copies(const json::value& copies, const std::string& path,
                                        json::object& out) {
  std::size_t number = 0;
  for (const json::value& copy : copies.get_array()) {
    const std::string here = fmt::format("{}[{}]", path, number++);
    const auto name = find_string(copy, "name");
    const json::value* count = find(copy, "count");
    const json::value* input = find(copy, "input");
    if (!name || !count || !input)
      return mistake(fmt::format("at '{}': name, count and input are expected", here));
    const auto rounds = evaluate(*count, here + ".count");
    if (!rounds) return tl::unexpected(rounds.error());
    if (!rounds->is_int64() || rounds->get_int64() < 0 || rounds->get_int64() > copies_max) {
      return mistake(fmt::format("at '{}.count': a number from 0 to {} is expected", here, copies_max));
    }
    json::array items;
    for (std::int64_t i = 0; i < rounds->get_int64(); ++i) {
      rounds_.push_back({*name, i, true});
      auto item = evaluate(*input, here + ".input");
      rounds_.pop_back();
      if (!item) return tl::unexpected(item.error());
      if (auto paid = charge(*item); !paid) return tl::unexpected(placed(paid.error(), here));
      items.push_back(std::move(*item));
    }
    out[*name] = std::move(items);
  }
  return {};
}

Result<json::value> Evaluator::evaluate(const Node& node) {
  if (depth_ >= call_depth_max) {
    return fail(ErrorCode::limit_exceeded, "calls are nested deeper than {}", call_depth_max);
  }
  ++depth_;
  auto out = evaluate_node(node);
  --depth_;
  return out;
}

Result<json::value> Evaluator::evaluate_node(const Node& node) {
  switch (node.kind) {
    case Node::Kind::text:
      return json::value(node.text);
    case Node::Kind::number:
      return json::value(node.number);
    case Node::Kind::call:
      return call(node);
    case Node::Kind::member:
    case Node::Kind::index:
      break;
  }
  const auto value = evaluate(node.children[0]);
  if (!value) return value;
  if (node.kind == Node::Kind::member) return member_of(*value, node.text);
  const auto index = evaluate(node.children[1]);
  if (!index) return index;
  return item_of(*value, *index);
}

Result<json::value> Evaluator::member_of(const json::value& value, const std::string& name) const {
  const json::value* member = value.is_object() ? find_member(value.get_object(), name) : nullptr;
  if (member) return *member;
  if (!value.is_object()) {
    return mistake(fmt::format("the property '{}' cannot be selected from {}", name, kind_name(value)));
  }
  std::string known;
  for (const auto& each : value.get_object()) {
    if (known.size() < 200) known += (known.empty() ? "" : ", ") + std::string(each.key());
  }
  return mistake(fmt::format("the property '{}' does not exist; there are: {}", name, known));
}

Result<json::value> Evaluator::item_of(const json::value& value, const json::value& index) const {
  if (index.is_string()) return member_of(value, std::string(view(index)));
  if (!value.is_array() || !index.is_int64()) {
    return mistake(fmt::format("{} has no item {}", kind_name(value), json::serialize(index)));
  }
  const json::array& items = value.get_array();
  if (index.get_int64() < 0 || index.get_int64() >= static_cast<std::int64_t>(items.size())) {
    return mistake(
        fmt::format("the index {} is outside the array of {} items", index.get_int64(), items.size()));
  }
  return items[static_cast<std::size_t>(index.get_int64())];
}

Result<json::value> Evaluator::call(const Node& node) {
  const auto named = [&](const Error& error) {
    if (error.message.starts_with("in ") || error.message.starts_with("at '")) return error;
    return Error{error.code, fmt::format("in {}(): {}", node.text, error.message)};
  };
  const std::string name = model::lower(node.text);
  auto lazy = call_lazily(node, name);
  if (!lazy) return tl::unexpected(named(lazy.error()));
  if (*lazy) return std::move(**lazy);
  std::vector<json::value> arguments;
  for (const Node& child : node.children) {
    auto argument = evaluate(child);
    if (!argument) return argument;
    arguments.push_back(std::move(*argument));
  }
  auto inner = call_in_context(name, node, arguments);
  if (!inner) return tl::unexpected(named(inner.error()));
  Result<json::value> out = json::value();
  if (*inner) {
    out = std::move(**inner);
  } else {
    const Function* function = find_function(name);
    if (!function) return mistake(fmt::format("the template function '{}' is not known", node.text));
    if (arguments.size() < function->least || arguments.size() > function->most) {
      return mistake(fmt::format("in {}(): {} arguments where {} to {} are expected", node.text,
                                 arguments.size(), function->least, function->most));
    }
    out = function->run(arguments);
    if (!out) return tl::unexpected(named(out.error()));
  }
  if (auto paid = charge(*out); !paid) return tl::unexpected(paid.error());
  return out;
}

// What evaluates only as many of its arguments as it needs.
Result<std::optional<json::value>> Evaluator::call_lazily(const Node& node, const std::string& name) {
  const bool is_if = name == "if", is_and = name == "and", is_or = name == "or";
  if (!is_if && !is_and && !is_or) return std::optional<json::value>();
  const std::size_t count = node.children.size();
  if (is_if ? count != 3 : count < 2)
    return mistake(is_if ? "three arguments are expected" : "two arguments or more are expected");
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = evaluate(node.children[i]);
    if (!value) return tl::unexpected(value.error());
    if (!value->is_bool()) return wrong_argument(i, *value, "true or false");
    if (is_if) {
      auto chosen = evaluate(node.children[value->get_bool() ? 1 : 2]);
      if (!chosen) return tl::unexpected(chosen.error());
      return std::optional(std::move(*chosen));
    }
    if (value->get_bool() == is_or) return std::optional<json::value>(is_or);
  }
  return std::optional<json::value>(is_and);
}

Result<std::optional<json::value>> Evaluator::call_in_context(const std::string& name, const Node& node,
                                                              std::span<const json::value> arguments) {
  const auto given = [](Result<json::value> value) -> Result<std::optional<json::value>> {
    if (!value) return tl::unexpected(value.error());
    return std::optional(std::move(*value));
  };
  if (name == "parameters") return given(parameter(arguments));
  if (name == "variables") return given(variable(arguments));
  if (name == "copyindex") return given(copy_index(arguments));
  if (name == "reference") return given(reference(arguments));
  if (name.ends_with("resourceid")) {
    const auto id = id_function(target_, name, arguments);
    if (!id) return tl::unexpected(id.error());
    return std::optional<json::value>(json::value(*id));
  }
  const bool is_group = name == "resourcegroup", is_subscription = name == "subscription";
  if (!is_group && !is_subscription && name != "deployment") return std::optional<json::value>();
  if (!arguments.empty()) return mistake("no arguments are expected");
  if (is_group && target_.resource_group.empty()) {
    return mistake(fmt::format("'{}' is not there in a deployment of a subscription", node.text));
  }
  return std::optional(is_group          ? target_.group
                       : is_subscription ? target_.subscription_object
                                         : target_.deployment);
}

Result<json::value> Evaluator::parameter(std::span<const json::value> arguments) const {
  if (arguments.size() != 1 || !arguments[0].is_string())
    return mistake("the name of a parameter is expected");
  const json::value* found = find_member(parameters_, view(arguments[0]));
  if (found) return *found;
  return mistake(fmt::format("the template parameter '{}' is not found", view(arguments[0])));
}

Result<json::value> Evaluator::variable(std::span<const json::value> arguments) {
  if (arguments.size() != 1 || !arguments[0].is_string())
    return mistake("the name of a variable is expected");
  const std::string name(view(arguments[0])), key = model::lower(name);
  if (const auto known = known_variables_.find(key); known != known_variables_.end()) return known->second;
  if (open_variables_.size() >= expression_depth_max)
    return mistake("variables refer to each other too deeply");
  if (!open_variables_.insert(key).second) {
    return mistake(fmt::format("the template variable '{}' refers to itself", name));
  }
  Result<json::value> out = mistake(fmt::format("the template variable '{}' is not found", name));
  const json::value* source = find_member(variables_, name);
  const json::value* copies = variables_.if_contains("copy");
  // A variable is the same wherever it is used.
  std::vector<Round> outer = std::exchange(rounds_, {});
  if (source && key != "copy") {
    out = evaluate(*source, "variables." + name);
  } else if (copies && copies->is_array()) {
    for (const json::value& copy : copies->get_array()) {
      if (model::lower(find_string(copy, "name").value_or("")) != key) continue;
      json::object made;
      const auto done = evaluate_copies(json::array{copy}, "variables.copy", made);
      out = done ? Result<json::value>(made.begin()->value()) : tl::unexpected(done.error());
    }
  }
  rounds_ = std::move(outer);
  open_variables_.erase(key);
  if (out) known_variables_[key] = *out;
  return out;
}

Result<json::value> Evaluator::copy_index(std::span<const json::value> arguments) const {
  std::string name;
  std::int64_t offset = 0;
  for (const json::value& each : arguments) {
    if (each.is_string() && name.empty() && &each == arguments.data()) {
      name = view(each);
    } else if (each.is_int64() && &each == &arguments.back()) {
      offset = each.get_int64();
    } else {
      return mistake("the name of a copy, an offset, or both are expected");
    }
  }
  for (auto round = rounds_.rbegin(); round != rounds_.rend(); ++round) {
    const bool fits = name.empty() ? !round->of_properties : model::lower(round->name) == model::lower(name);
    std::int64_t out = 0;
    if (fits && __builtin_add_overflow(round->index, offset, &out)) return mistake("the offset is too large");
    if (fits) return out;
  }
  return mistake(name.empty()
                     ? std::string("there is no copy of the resource here; one of properties needs its name")
                     : fmt::format("there is no copy '{}' here", name));
}

Result<json::value> Evaluator::reference(std::span<const json::value> arguments) {
  if (!reader_) return mistake("'reference' can be used in properties of resources and in outputs only");
  if (arguments.empty() || arguments.size() > 3) return mistake("one to three arguments are expected");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].is_string()) return wrong_argument(i, arguments[i], "a text");
  }
  const bool full = arguments.size() == 3;
  if (full && model::lower(view(arguments[2])) != "full") return wrong_argument(2, arguments[2], "'Full'");
  return reader_(std::string(view(arguments[0])), full);
}

Result<void> Evaluator::collect(const Node& node, std::vector<std::string>& out) {
  const bool is_reference = node.kind == Node::Kind::call && model::lower(node.text) == "reference";
  if (is_reference && !node.children.empty()) {
    const auto name = evaluate(node.children[0]);
    if (!name) return tl::unexpected(name.error());
    if (name->is_string()) out.emplace_back(view(*name));
    return {};
  }
  for (const Node& child : node.children) {
    if (auto done = collect(child, out); !done) return done;
  }
  return {};
}

Result<std::vector<std::string>> Evaluator::references_in(const json::value& value, const std::string& path) {
  std::vector<std::string> out;
  const auto add = [&](const json::value& inner, const std::string& where) -> Result<void> {
    auto found = references_in(inner, where);
    if (!found) return tl::unexpected(found.error());
    std::ranges::move(*found, std::back_inserter(out));
    return {};
  };
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      auto done =
          add(member.value(), joined(path, std::string_view(member.key().data(), member.key().size())));
      if (!done) return tl::unexpected(done.error());
    }
  } else if (value.is_array()) {
    std::size_t number = 0;
    for (const json::value& item : value.get_array()) {
      if (auto done = add(item, fmt::format("{}[{}]", path, number++)); !done)
        return tl::unexpected(done.error());
    }
  } else if (value.is_string() && is_expression(view(value))) {
    // Only what names it needs be evaluated.
    const std::string lowered = model::lower(view(value));
    if (lowered.find("reference") == std::string::npos) return out;
    const auto node = parse_expression(view(value));
    if (!node) return tl::unexpected(placed(node.error(), path));
    if (auto done = collect(*node, out); !done) return tl::unexpected(placed(done.error(), path));
  }
  return out;
}

}  // namespace peering::api::tmpl
