#include "detect/relationships.h"

#include <charconv>

namespace peering::detect {

namespace {

std::uint64_t pair_key(net::Asn a, net::Asn b) { return static_cast<std::uint64_t>(a) << 32 | b; }

// Reads `a|b|r` with anything after a further bar ignored.
bool read_line(std::string_view line, net::Asn& a, net::Asn& b, int& relation) {
  const char *at = line.data(), *end = line.data() + line.size();
  const auto number = [&](auto& into, bool last) {
    const auto [next, wrong] = std::from_chars(at, end, into);
    if (wrong != std::errc{}) return false;
    at = next;
    if (at != end && *at == '|') return ++at, true;
    return last && (at == end || *at == '\r');
  };
  return number(a, false) && number(b, false) && number(relation, true);
}

int rfc7908_type(Relation from, Relation to) {
  if (from == Relation::provider) return to == Relation::provider ? 1 : 3;
  return to == Relation::peer ? 2 : 4;
}

// The AS numbers of one line, without its comment.
Result<std::vector<net::Asn>> asns_of_line(std::size_t number, std::string_view line) {
  std::vector<net::Asn> out;
  const char *at = line.data(), *end = line.data() + line.size();
  while (at != end) {
    if (*at == ' ' || *at == '\t' || *at == '\r' || *at == '|' || *at == ',') {
      ++at;
      continue;
    }
    if (end - at > 2 && (at[0] == 'A' || at[0] == 'a') && (at[1] == 'S' || at[1] == 's')) at += 2;
    net::Asn asn = 0;
    const auto [next, wrong] = std::from_chars(at, end, asn);
    if (wrong != std::errc{}) {
      return tl::unexpected(
          invalid(fmt::format("line {}", number), line, "AS numbers separated by blanks, commas or |"));
    }
    out.push_back(asn);
    at = next;
  }
  return out;
}

}  // namespace

void Relationships::set(net::Asn a, net::Asn b, Relation b_to_a) { relations_[pair_key(a, b)] = b_to_a; }

void Relationships::add_provider(net::Asn provider, net::Asn customer) {
  set(provider, customer, Relation::customer);
  set(customer, provider, Relation::provider);
}
void Relationships::add_peers(net::Asn a, net::Asn b) {
  set(a, b, Relation::peer);
  set(b, a, Relation::peer);
}
void Relationships::add_siblings(net::Asn a, net::Asn b) {
  set(a, b, Relation::sibling);
  set(b, a, Relation::sibling);
}

void Relationships::merge(const Relationships& other) {
  for (const auto& [pair, relation] : other.relations_) relations_[pair] = relation;
}

std::optional<Relation> Relationships::relation(net::Asn a, net::Asn b) const {
  const auto found = relations_.find(pair_key(a, b));
  if (found == relations_.end()) return std::nullopt;
  return found->second;
}

std::optional<Valley> Relationships::valley(std::span<const net::Asn> path) const {
  // `received`: what the sender of the route was to the AS that is looked at, siblings passed through.
  std::optional<Relation> received;
  net::Asn from = 0;
  for (std::size_t i = path.size(); i-- > 1;) {
    const net::Asn here = path[i], next = path[i - 1];
    if (here == next) continue;
    const auto sent_to = relation(here, next);
    const bool upward = sent_to == Relation::provider || sent_to == Relation::peer;
    if (upward && (received == Relation::provider || received == Relation::peer)) {
      return Valley{here, from, next, rfc7908_type(*received, *sent_to)};
    }
    if (sent_to == Relation::sibling) continue;
    received = relation(next, here);
    from = here;
  }
  return std::nullopt;
}

Result<Relationships> Relationships::parse(std::string_view text) {
  Relationships out;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (line.empty() || line.front() == '#' || line == "\r") continue;
    net::Asn a = 0, b = 0;
    int relation = 0;
    if (!read_line(line, a, b, relation) || relation < -1 || relation > 1) {
      return tl::unexpected(invalid(
          fmt::format("line {}", number), line,
          "AS relationships are written `provider|customer|-1`, `customer|provider|1` or `peer|peer|0`"));
    }
    if (relation == -1) {
      out.add_provider(a, b);
    } else if (relation == 1) {
      out.add_provider(b, a);
    } else {
      out.add_peers(a, b);
    }
  }
  return out;
}

Result<Relationships> Relationships::parse_siblings(std::string_view text) {
  Relationships out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto asns = asns_of_line(number, line.substr(0, line.find('#')));
    if (!asns) return tl::unexpected(asns.error());
    for (std::size_t i = 0; i < asns->size(); ++i) {
      for (std::size_t j = i + 1; j < asns->size(); ++j) out.add_siblings((*asns)[i], (*asns)[j]);
    }
  }
  return out;
}

}  // namespace peering::detect
