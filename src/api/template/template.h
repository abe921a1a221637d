// An ARM template with its parameters: what it makes, in which order, and what it tells afterwards.
//
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax. Understood are
// parameters, variables, resources (nested, conditional, copied; by symbolic name with languageVersion 2.0)
// and outputs. Functions of one's own, types of one's own and linked templates are not: they are named in an
// error.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/arm/failure.h"
#include "api/template/evaluator.h"
#include "base/json.h"

namespace peering::api::tmpl {

inline constexpr std::size_t template_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t resources_max = 800;
inline constexpr std::size_t parameters_max = 256, variables_max = 512, outputs_max = 64;

/// A resource that a template makes.
struct Planned {
  std::string id;                        ///< as the template spells it
  std::string key;                       ///< `id` in lower case
  std::string type;                      ///< "Microsoft.Peering/peeringServices/prefixes"
  std::string name;                      ///< "office/lan"
  std::string api_version;               ///< for its PUT
  std::string symbolic;                  ///< empty: none
  std::string copy;                      ///< name of the copy that it is one of; empty: none
  std::string path;                      ///< in the template, for messages
  bool exists = false;                   ///< only referred to (`existing`)
  std::vector<std::size_t> needs;        ///< places in the plan of what comes before it
  const json::object* source = nullptr;  ///< in the template
  std::vector<Evaluator::Round> rounds;  ///< in which `source` is evaluated
};

/// Not thread-safe. Errors are 400 `InvalidTemplate` and name the place.
class Template {
 public:
  /// Takes the template and the values given for parameters (`{"name": {"value": …}}`), and checks both.
  static arm::Expected<std::unique_ptr<Template>> read(const json::value& text, const json::value& parameters,
                                                       Target target);

  /// What it makes, each after what it needs. Calls of `reference` in properties make an order too.
  arm::Expected<void> make_plan();
  const std::vector<Planned>& plan() const { return plan_; }
  /// Places in `plan()` in an order that respects `needs`.
  const std::vector<std::size_t>& order() const { return order_; }

  /// The body of a resource's PUT; `reader` answers `reference`.
  arm::Expected<json::object> body_of(const Planned& planned, const ReferenceReader& reader);
  /// Lets everything be evaluated once more: what it takes is counted anew.
  void start_over() { evaluator_->forget_work(); }
  /// `{"name": {"type": …, "value": …}}`; values of secure types are left out.
  arm::Expected<json::object> outputs(const ReferenceReader& reader);
  /// The id that `reference` means by a name.
  std::string id_of(const std::string& name) const;
  /// The resource of an id; null: not of this template.
  const Planned* find(std::string_view id) const;

  /// Parameters as a deployment shows them: secure ones without value.
  json::object shown_parameters() const;

 private:
  Template(const json::object& text, Target target) : text_(text), target_(std::move(target)) {}

  arm::Expected<void> check_members() const;
  arm::Expected<void> read_parameters(const json::value& given);
  arm::Expected<void> read_parameter(std::string_view name, const json::value& declared,
                                     const json::value* given);
  arm::Expected<void> add_all(const json::value& resources, const Planned* parent, const std::string& path);
  arm::Expected<void> add(const json::object& source, const Planned* parent, std::string symbolic,
                          const std::string& path);
  arm::Expected<void> add_rounds(const json::object& source, const Planned* parent, const Planned& frame);
  arm::Expected<void> add_one(const json::object& source, const Planned* parent, Planned made);
  arm::Expected<void> name_resource(const json::object& source, const Planned* parent, Planned& made);
  arm::Expected<std::string> scope_of(const json::object& source, const Planned& made);
  arm::Expected<std::string> text_of(const json::object& source, std::string_view member,
                                     const std::string& path);
  arm::Expected<void> find_needs(std::size_t index);
  arm::Expected<void> put_in_order();

  json::object text_;
  Target target_;
  json::object parameters_;                                 // values
  std::vector<std::pair<std::string, std::string>> types_;  // of parameters, by name
  json::object variables_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<Planned> plan_;
  std::vector<std::string> skipped_;  // ids and names of what conditions leave out, lower case
  std::vector<std::size_t> parents_;  // of each planned resource; its own place: none
  std::vector<std::size_t> order_;
};

/// 400 `InvalidTemplate`.
tl::unexpected<arm::Failure> invalid_template(std::string_view message);

}  // namespace peering::api::tmpl
