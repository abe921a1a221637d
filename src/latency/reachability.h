// Whether browsers reach a site: W3C Network Error Logging, counted by registered prefix, PoP and hour.
//
// Reports say what came of requests, not how long the way is: they are no round-trip samples. They are in
// memory only, of the last two days.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/registry.h"
#include "net/address.h"

namespace peering::latency {

/// What became of a request: it was answered, or the phase in which it failed.
enum class Outcome : std::uint8_t { ok, dns, connection, application };
inline constexpr std::size_t outcome_count = 4;
std::string_view to_string(Outcome outcome);

struct NetworkReport {
  TimePoint at{};
  Outcome outcome = Outcome::ok;
  /// So many requests it stands for: one over the `sampling_fraction`.
  double weight = 1;
};

struct DecodedReports {
  std::vector<NetworkReport> reports;
  std::uint64_t others = 0;    ///< reports of another type than `network-error`
  std::uint64_t rejected = 0;  ///< that break a rule
};

inline constexpr std::size_t reports_bytes_max = 64UL * 1024;
inline constexpr std::size_t reports_max = 200;

/// A body of `application/reports+json`. `invalid_argument` when it is no list; `limit_exceeded` above 64 KiB
/// or 200 reports. A report that breaks a rule is rejected alone.
Result<DecodedReports> decode_network_reports(std::string_view body, TimePoint now);

/// Of one PoP in one hour.
struct ReachabilityHour {
  std::string pop;
  TimePoint start{};
  std::array<std::uint64_t, outcome_count> reports{};  ///< by `Outcome`
  std::array<double, outcome_count> requests{};        ///< that they stand for
  friend bool operator==(const ReachabilityHour&, const ReachabilityHour&) = default;
};

/// Thread-safe.
class Reachability {
 public:
  /// So many hours of prefixes and PoPs are kept; of more, new ones are not.
  explicit Reachability(std::size_t hours_max = 200'000) : hours_max_(hours_max) {}

  /// Counts reports for the prefixes that the client's network (/24, /48) belongs to; how many there are.
  std::size_t add(const net::Address& client, std::string_view pop, const std::vector<NetworkReport>& reports,
                  const model::Registry& registry);
  /// Of a prefix (its lower-case ARM id), as far as they reach into [from, to]; in order of PoP and time.
  std::vector<ReachabilityHour> hours(const std::string& prefix_resource, TimePoint from, TimePoint to) const;

 private:
  struct Key {
    std::string prefix_resource, pop;
    TimePoint start;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Counts {
    std::array<std::uint64_t, outcome_count> reports{};
    std::array<double, outcome_count> requests{};
  };
  void forget(TimePoint before);

  const std::size_t hours_max_;
  mutable std::mutex mutex_;
  std::map<Key, Counts> counts_;
  TimePoint forgot_{};
};

}  // namespace peering::latency
