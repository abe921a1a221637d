// Which of the registered prefixes with few samples are probed, which address of each, and when: within a
// number of places, the thinnest first, as many of every subscription as of any other.
//
// A prefix that has a place is searched first: its addresses are tried one after the other until one answers,
// which then is probed at every turn. When it falls silent the search goes on behind it. A prefix of which
// nothing answers gives its place away and rests, each time twice as long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"

namespace peering::app {

/// No clock and no threads. Addresses are here alone, and only in memory.
class ThinPrefixes {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  struct Limits {
    double samples_min = 10;         ///< with fewer a prefix is thin
    std::size_t places = 200;        ///< prefixes that are searched or probed at a time
    std::chrono::seconds every{25};  ///< between two probes of an address that answers
  };
  struct Turn {
    std::string key;
    net::Address address;
  };
  /// Thin prefixes, by what becomes of them.
  struct Summary {
    std::size_t probed = 0;    ///< have a place and an address that answers
    std::size_t searched = 0;  ///< have a place, none answered yet
    std::size_t silent = 0;    ///< rest, as nothing answered
    std::size_t left_out = 0;  ///< there is no place for them
    friend bool operator==(const Summary&, const Summary&) = default;
  };

  explicit ThinPrefixes(Limits limits) : limits_(limits) {}

  /// A prefix with its addresses in the order in which they are tried; not thin until `counted`. One that is
  /// there begins anew.
  void put(const std::string& key, std::string subscription, std::vector<net::Address> addresses);
  void remove(const std::string& key);
  std::size_t size() const { return entries_.size(); }
  bool contains(const std::string& key) const { return entries_.contains(key); }

  /// How many samples of others it has. For keys that are not there: nothing.
  void counted(const std::string& key, double samples);
  /// Gives the places anew, of which `taken` are not to be had. Who has one keeps it against an equally thin
  /// one.
  void choose(Instant now, std::size_t taken = 0);
  /// The address of the prefix that answers, if one is known.
  std::optional<net::Address> answering(const std::string& key) const;
  /// As of the last `choose`.
  const Summary& summary() const { return summary_; }

  /// When the next turn is.
  std::optional<Instant> next() const;
  /// A turn that is due; its probe is under way then. Addresses that answer come before searches.
  std::optional<Turn> take(Instant now);
  void answered(const Turn& turn, bool answer, Instant now);
  /// The probe of the turn could not be sent: nothing is known of the address.
  void put_off(const Turn& turn, Instant now);

 private:
  struct Entry {
    std::string subscription;
    std::vector<net::Address> addresses;
    std::size_t at = 0;  // the address that answers, or is tried next
    std::optional<double> samples;
    bool chosen = false, under_way = false, answers = false;
    int silences = 0;       // in a row, of the address that answers
    std::size_t tried = 0;  // addresses in this search
    int rests = 0;          // in a row
    Instant rest_until{}, due{}, sent{};
  };
  using Entries = std::map<std::string, Entry>;
  using Queue = std::set<std::pair<Instant, std::string>>;

  bool is_thin(const Entry& entry) const { return entry.samples && *entry.samples < limits_.samples_min; }
  Queue& queue_of(const Entry& entry) { return entry.answers ? answering_ : searching_; }
  void enqueue(const Entries::value_type& each);
  void dequeue(const Entries::value_type& each);
  Entries::value_type* under_way(const Turn& turn);
  void fell_silent(Entry& entry, Instant now);
  std::vector<Entries::value_type*> candidates(Instant now);

  const Limits limits_;
  Entries entries_;
  Queue answering_, searching_;  // chosen ones that are not under way, by turn
  Summary summary_;
};

}  // namespace peering::app
