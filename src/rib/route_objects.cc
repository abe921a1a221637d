#include "rib/route_objects.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace peering::rib {

namespace {

constexpr std::size_t line_bytes_max = 4'096;  // what we read is short; of longer ones only so much is kept
constexpr std::size_t value_bytes_max = 128, complaints_max = 5;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view without_comment(std::string_view text) { return trimmed(text.substr(0, text.find('#'))); }

bool same_word(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// RFC 2622 section 2, "AS64500"; with four bytes also as "AS1.10" (RFC 5396).
std::optional<net::Asn> origin_of(std::string_view text) {
  if (text.size() < 3 || !same_word(text.substr(0, 2), "as")) return std::nullopt;
  text.remove_prefix(2);
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return number_of(text);
  const auto high = number_of(text.substr(0, dot)), low = number_of(text.substr(dot + 1));
  if (!high || !low || *high > 0xFFFF || *low > 0xFFFF) return std::nullopt;
  return *high << 16 | *low;
}

std::vector<Vrp> as_payloads(const std::vector<RouteObject>& objects) {
  std::vector<Vrp> out;
  out.reserve(objects.size());
  for (const RouteObject& object : objects) {
    const auto whole = static_cast<std::uint8_t>(net::address_bits(object.prefix.family()));
    out.push_back({object.prefix, whole, object.origin});
  }
  return out;
}

}  // namespace

RouteObjects::RouteObjects(const std::vector<RouteObject>& objects) : table_(as_payloads(objects)) {}

Registration RouteObjects::registration(const net::Prefix& prefix, net::Asn origin) const {
  switch (table_.validity(prefix, origin)) {
    case Validity::valid:
      return Registration::registered;
    case Validity::invalid:
      return Registration::other_origins;
    case Validity::not_found:
      break;
  }
  return Registration::unknown;
}

void RouteObjectReader::feed(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    if (end == std::string_view::npos || !carried_.empty()) {
      carried_.append(part.substr(0, line_bytes_max - std::min(line_bytes_max, carried_.size())));
    }
    if (end == std::string_view::npos) return;
    line(carried_.empty() ? part.substr(0, line_bytes_max) : std::string_view(carried_));
    carried_.clear();
    text.remove_prefix(end + 1);
  }
}

void RouteObjectReader::finish() {
  if (!carried_.empty()) line(carried_);
  carried_.clear();
  end_object();
}

void RouteObjectReader::line(std::string_view text) {
  ++line_number_;
  if (trimmed(text).empty()) return end_object();
  const char first = text.front();
  if (first == '#' || first == '%') return;
  if (first == ' ' || first == '\t' || first == '+') {
    if (value_ && value_->size() < value_bytes_max) {
      value_->append(without_comment(text.substr(1)).substr(0, value_bytes_max));
    }
    return;
  }
  value_ = nullptr;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return;
  attribute(trimmed(text.substr(0, colon)), without_comment(text.substr(colon + 1)));
}

// The first attribute says what the object is.
void RouteObjectReader::attribute(std::string_view name, std::string_view value) {
  const auto take = [&](std::string& into) {
    into = value.substr(0, value_bytes_max);
    value_ = &into;
  };
  if (!in_object_) {
    in_object_ = true;
    began_at_ = line_number_;
    is_v6_ = same_word(name, "route6");
    is_route_ = is_v6_ || same_word(name, "route");
    if (is_route_) take(prefix_);
    return;
  }
  if (is_route_ && origin_at_ == 0 && same_word(name, "origin")) {
    origin_at_ = line_number_;
    take(origin_);
  }
}

void RouteObjectReader::complain(std::size_t line, std::string_view what) {
  ++broken_;
  if (complaints_.size() < complaints_max) complaints_.push_back(fmt::format("line {}: {}", line, what));
}

void RouteObjectReader::end_object() {
  if (is_route_) {
    const std::string_view name = is_v6_ ? "route6" : "route";
    const auto prefix = net::Prefix::parse(prefix_);
    const auto origin = origin_of(origin_);
    if (!prefix || (prefix->family() == net::Family::ipv6) != is_v6_) {
      const Error wrong =
          prefix ? invalid("prefix", prefix_, is_v6_ ? "an IPv6 prefix" : "an IPv4 prefix") : prefix.error();
      complain(began_at_, fmt::format("{}: {}", name, wrong.message));
    } else if (!origin) {
      complain(origin_at_ == 0 ? began_at_ : origin_at_,
               fmt::format("{} {}: {}", name, prefix->to_string(),
                           invalid("origin", origin_, "an AS number such as AS64500").message));
    } else {
      ++read_;
      if (!wanted_ || wanted_(*prefix)) objects_.push_back({*prefix, *origin});
    }
  }
  in_object_ = is_route_ = is_v6_ = false;
  value_ = nullptr;
  origin_at_ = 0;
  prefix_.clear();
  origin_.clear();
}

}  // namespace peering::rib
