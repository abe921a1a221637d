// Evaluates the expressions of one template: what functions need beside their arguments, and how much of
// everything there may be.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/template/expression.h"
#include "base/json.h"
#include "base/result.h"

namespace peering::api::tmpl {

/// Work that the expressions of one template may take: calls, and bytes of what they give.
inline constexpr std::size_t work_max = 64 * 1024 * 1024;
/// Deepest nesting of values, which is what `parse_json` reads again.
inline constexpr int value_depth_max = 24;
/// Deepest nesting of calls, through variables too.
inline constexpr int call_depth_max = 200;
/// Most rounds of a `copy`.
inline constexpr std::int64_t copies_max = 800;

/// Where a template is deployed.
struct Target {
  std::string subscription;         ///< GUID
  std::string resource_group;       ///< empty: the subscription itself
  json::value group;                ///< what `resourceGroup()` gives
  json::value subscription_object;  ///< what `subscription()` gives
  json::value deployment;           ///< what `deployment()` gives

  /// "/subscriptions/…", with the group where there is one.
  std::string scope() const;
};

/// Reads a resource that is there: `name` is an id, a symbolic name or the name of a resource of the
/// template. `full`: the whole resource instead of its properties.
using ReferenceReader = std::function<Result<json::value>(const std::string& name, bool full)>;

/// Not thread-safe. What it is given must outlive it.
class Evaluator {
 public:
  /// `parameters` are values; `variables` the template's, evaluated when they are asked for.
  Evaluator(const Target& target, const json::object& parameters, const json::object& variables);

  /// Any value: texts that are expressions become what they say, everywhere in it; `copy` in objects is
  /// carried out. Errors name the place below `path`.
  Result<json::value> evaluate(const json::value& value, const std::string& path);

  /// Counts a value towards `work_max`; an error when it is spent, or the value is nested too deep.
  Result<void> charge(const json::value& value);

  /// Forgets what was counted: a template may be evaluated again.
  void forget_work() { work_ = 0; }

  /// A round of a `copy` that is under way, for `copyIndex`.
  struct Round {
    std::string name;
    std::int64_t index = 0;
    bool of_properties = false;  ///< needs to be named
  };
  std::vector<Round>& rounds() { return rounds_; }

  /// `reference` may be used as long as there is a reader.
  void set_reference_reader(ReferenceReader reader) { reader_ = std::move(reader); }

  /// The first arguments of every `reference` in a value, evaluated.
  Result<std::vector<std::string>> references_in(const json::value& value, const std::string& path);

 private:
  Result<json::value> evaluate_text(std::string_view text);
  Result<json::value> evaluate_object(const json::object& object, const std::string& path);
  Result<void> evaluate_copies(const json::value& copies, const std::string& path, json::object& out);
  Result<json::value> evaluate(const Node& node);
  Result<json::value> evaluate_node(const Node& node);
  Result<json::value> call(const Node& node);
  Result<std::optional<json::value>> call_lazily(const Node& node, const std::string& name);
  Result<std::optional<json::value>> call_in_context(const std::string& name, const Node& node,
                                                     std::span<const json::value> arguments);
  Result<json::value> member_of(const json::value& value, const std::string& name) const;
  Result<json::value> item_of(const json::value& value, const json::value& index) const;
  Result<json::value> parameter(std::span<const json::value> arguments) const;
  Result<json::value> variable(std::span<const json::value> arguments);
  Result<json::value> copy_index(std::span<const json::value> arguments) const;
  Result<json::value> reference(std::span<const json::value> arguments);
  Result<void> collect(const Node& node, std::vector<std::string>& out);

  const Target& target_;
  const json::object& parameters_;
  const json::object& variables_;
  std::map<std::string, json::value> known_variables_;  // by lower-case name
  std::set<std::string> open_variables_;
  std::vector<Round> rounds_;
  ReferenceReader reader_;
  std::size_t work_ = 0;
  int depth_ = 0;
};

/// The member whose name is the same without case; null: there is none.
const json::value* find_member(const json::object& object, std::string_view name);

}  // namespace peering::api::tmpl
