// Expressions and templates of any bytes: no crash, no endless work, and a value that can be written and read
// again.
#include <cstddef>
#include <cstdint>

#include "api/template/template.h"
#include "base/check.h"

namespace {

using namespace peering;
using namespace peering::api::tmpl;

Target some_target() {
  Target out;
  out.subscription = "00000000-0000-4000-8000-00000000000a";
  out.resource_group = "net";
  out.group = json::object{{"name", "net"}, {"location", "eastus"}};
  out.deployment = json::object{{"name", "fuzz"}};
  return out;
}

void try_expression(std::string_view text) {
  const Target target = some_target();
  const json::object parameters{{"p", json::array{1, "a", json::object{{"b", "c"}}}}};
  const json::object variables{{"v", "[concat('a', parameters('p')[1])]"}, {"w", text}};
  Evaluator evaluator(target, parameters, variables);
  evaluator.rounds().push_back({"loop", 3, false});
  const auto value = evaluator.evaluate(json::value(text), "x");
  if (value) PEERING_CHECK(parse_json(json::serialize(*value)).has_value());
}

void try_template(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return;
  auto read = Template::read(*value, json::object(), some_target());
  if (!read || !(*read)->make_plan()) return;
  PEERING_CHECK((*read)->order().size() == (*read)->plan().size());
  const ReferenceReader reader = [](const std::string& name, bool) -> Result<json::value> {
    return json::object{{"name", name}};
  };
  for (const Planned& each : (*read)->plan()) (void)(*read)->body_of(each, reader);
  (void)(*read)->outputs(reader);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("{")) {
    try_template(text);
  } else {
    // JSON's texts are UTF-8, so ours are.
    for (const char c : text) {
      if (static_cast<unsigned char>(c) >= 0x80) return 0;
    }
    try_expression(text);
  }
  return 0;
}
