#include "model/blame.h"

#include "model/json_fields.h"
#include "model/names.h"

namespace peering::model {

namespace {

constexpr NameTable<BlameVerdict, 5> verdict_names{{
    {BlameVerdict::edge, "edge"},
    {BlameVerdict::middle, "middle"},
    {BlameVerdict::client, "client"},
    {BlameVerdict::ambiguous, "ambiguous"},
    {BlameVerdict::insufficient, "insufficient"},
}};

json::value evidence_json(const BlameEvidence& line) {
  json::object out{{"text", line.text}};
  if (line.candidate) out["candidate"] = to_string(*line.candidate);
  if (line.asn) out["asn"] = *line.asn;
  if (!line.pop.empty()) out["pop"] = line.pop;
  if (line.prefix) out["prefix"] = line.prefix->to_string();
  if (line.candidate) {
    out["quartets"] = line.quartets;
    out["bad"] = line.bad;
    out["quartetsOutside"] = line.quartets_outside;
    out["badOutside"] = line.bad_outside;
    out["explains"] = line.explains;
    out["fits"] = line.fits;
  }
  if (line.at) out["time"] = format_rfc3339(*line.at);
  return out;
}

BlameEvidence evidence_of(const json::value& value, Fields& fields) {
  Fields inner(value);
  BlameEvidence out;
  out.text = inner.text("text");
  out.asn = inner.optional_number("asn");
  out.pop = find_string(value, "pop").value_or("");
  if (find(value, "prefix")) out.prefix = inner.prefix("prefix");
  if (find(value, "candidate")) {
    out.candidate = inner.named<BlameVerdict>("candidate", parse_blame_verdict);
    out.quartets = static_cast<std::size_t>(inner.integer("quartets"));
    out.bad = static_cast<std::size_t>(inner.integer("bad"));
    out.quartets_outside = static_cast<std::size_t>(inner.integer("quartetsOutside"));
    out.bad_outside = static_cast<std::size_t>(inner.integer("badOutside"));
    out.explains = inner.real("explains");
    const json::value* fits = find(value, "fits");
    out.fits = fits && fits->is_bool() && fits->get_bool();
  }
  if (find(value, "time")) out.at = inner.time("time");
  fields.take_error(inner);
  return out;
}

}  // namespace

std::string_view to_string(BlameVerdict verdict) { return name_of(verdict_names, verdict); }
std::optional<BlameVerdict> parse_blame_verdict(std::string_view text) {
  return value_of(verdict_names, text);
}

json::value to_json(const Blame& blame) {
  json::object out{{"verdict", to_string(blame.verdict)}};
  if (blame.asn) out["asn"] = *blame.asn;
  if (!blame.pop.empty()) out["pop"] = blame.pop;
  out["share"] = blame.share;
  json::array evidence;
  for (const BlameEvidence& line : blame.evidence) evidence.push_back(evidence_json(line));
  out["evidence"] = std::move(evidence);
  return out;
}

Result<Blame> blame_from_json(const json::value& value) {
  Fields fields(value);
  Blame out;
  out.verdict = fields.named<BlameVerdict>("verdict", parse_blame_verdict);
  out.asn = fields.optional_number("asn");
  out.pop = find_string(value, "pop").value_or("");
  out.share = fields.real("share");
  for (const json::value& line : fields.array("evidence")) out.evidence.push_back(evidence_of(line, fields));
  if (fields.error()) return tl::unexpected(*fields.error());
  return out;
}

}  // namespace peering::model
