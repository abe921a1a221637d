// Whose fault a latency degradation most likely is, with the table that led there: part of the events and
// incidents that tell of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "net/prefix.h"

namespace peering::model {

/// Where the fault lies.
enum class BlameVerdict : std::uint8_t {
  edge,          ///< a PoP
  middle,        ///< an AS between PoP and client
  client,        ///< the client's network
  ambiguous,     ///< several explain what was seen, or none does
  insufficient,  ///< too little was seen
};
/// "edge", "middle", "client", "ambiguous", "insufficient".
std::string_view to_string(BlameVerdict verdict);
std::optional<BlameVerdict> parse_blame_verdict(std::string_view text);

/// One line of the table that led to a verdict: a possible cause with its counts, a route event close in
/// time, or a remark.
struct BlameEvidence {
  std::string text;  ///< one sentence that says all of it
  /// Of a possible cause; absent in other lines.
  std::optional<BlameVerdict> candidate;
  std::optional<net::Asn> asn;
  std::string pop;                    ///< empty: not about one PoP
  std::optional<net::Prefix> prefix;  ///< registered prefix of the client
  std::size_t quartets = 0;           ///< it touches
  std::size_t bad = 0;                ///< of them
  std::size_t quartets_outside = 0;   ///< others
  std::size_t bad_outside = 0;        ///< of the others
  double explains = 0;                ///< 0 to 1: part of the bad quartets around the subject that it touches
  bool fits = false;                  ///< it explains what was seen
  /// Of a route event; absent in other lines.
  std::optional<TimePoint> at;
  friend bool operator==(const BlameEvidence&, const BlameEvidence&) = default;
};

struct Blame {
  BlameVerdict verdict = BlameVerdict::insufficient;
  std::optional<net::Asn> asn;  ///< of the middle or the client, when known
  std::string pop;              ///< of the edge; of a middle whose fault shows at this PoP only; else empty
  double share = 0;  ///< 0 to 1: part of the bad quartets around the subject that the verdict explains
  std::vector<BlameEvidence> evidence;
  friend bool operator==(const Blame&, const Blame&) = default;
};

/// `{"verdict","asn"?,"pop"?,"share","evidence":[…]}`, as stored and served.
json::value to_json(const Blame& blame);
/// Reads what `to_json` wrote; the error names the field.
Result<Blame> blame_from_json(const json::value& value);

}  // namespace peering::model
