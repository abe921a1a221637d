#include <array>

#include "latency/decode.h"
#include "latency/sample_checker.h"

namespace peering::latency {

namespace {

constexpr std::string_view magic = "PSM1";
constexpr std::size_t header_bytes = 16, record_bytes = 32;
constexpr std::array kinds = {model::SampleKind::srtt, model::SampleKind::min,   model::SampleKind::handshake,
                              model::SampleKind::icmp, model::SampleKind::stamp, model::SampleKind::quic};

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<std::uint8_t>(bytes[i - 1]);
  return value;
}

struct Header {
  std::uint64_t base_us = 0;
  std::vector<std::string_view> pops;
  std::string_view source;
  std::string_view records;
};

tl::unexpected<Error> cut_short(std::string_view what) {
  return tl::unexpected(invalid("body", what, "header, PoP names, source and whole records of 32 bytes"));
}

Result<Header> read_header(std::string_view body) {
  if (!body.starts_with(magic)) return tl::unexpected(invalid("body", body.substr(0, 4), "starts with PSM1"));
  if (body.size() < header_bytes) return cut_short("a cut header");
  Header out;
  const auto pop_count = little_endian(body.substr(4, 2)), source_bytes = little_endian(body.substr(6, 2));
  out.base_us = little_endian(body.substr(8, 8));
  body.remove_prefix(header_bytes);
  for (std::uint64_t i = 0; i < pop_count; ++i) {
    const std::size_t length = body.empty() ? 0 : static_cast<std::uint8_t>(body.front());
    if (body.size() < 1 + length) return cut_short("cut PoP names");
    out.pops.push_back(body.substr(1, length));
    body.remove_prefix(1 + length);
  }
  if (body.size() < source_bytes) return cut_short("a cut source");
  out.source = body.substr(0, source_bytes);
  out.records = body.substr(source_bytes);
  if (out.records.size() % record_bytes != 0) return cut_short("a cut record");
  return out;
}

net::Address read_client(std::string_view bytes) {
  std::array<std::uint8_t, 16> address{};
  for (std::size_t i = 0; i < address.size(); ++i) address[i] = static_cast<std::uint8_t>(bytes[i]);
  return net::Address::v6(address).unmapped();
}

class BinaryReader {
 public:
  BinaryReader(const Header& header, const SampleRules& rules, DecodedSamples& out)
      : header_(header), checker_(rules, out), known_pops_(header.pops.size()) {}

  void read(std::string_view record) {
    const auto at = read_time(static_cast<std::int64_t>(little_endian(record.substr(0, 8))));
    if (!at) return;
    const std::uint64_t pop_index = little_endian(record.substr(28, 2));
    const auto pop = read_pop(pop_index);
    if (!pop) return;
    const auto rtt = static_cast<std::uint32_t>(little_endian(record.substr(24, 4)));
    if (!SampleChecker::is_rtt_us(rtt)) {
      checker_.rtt_us(static_cast<double>(rtt), std::to_string(rtt));
      return;
    }
    const auto kind = static_cast<std::uint8_t>(record[30]);
    if (kind >= kinds.size()) return checker_.reject("kind", std::to_string(kind), "0 to 5");
    if (!known_source_) known_source_ = checker_.source(header_.source);
    if (!known_source_) return;
    checker_.accept({read_client(record.substr(8, 16)), *at, rtt, *pop, *known_source_, kinds[kind]});
  }

 private:
  std::optional<TimePoint> read_time(std::int64_t offset_us) {
    std::int64_t us = 0;
    const bool fits = header_.base_us <= static_cast<std::uint64_t>(INT64_MAX) &&
                      !__builtin_add_overflow(static_cast<std::int64_t>(header_.base_us), offset_us, &us);
    constexpr std::int64_t us_max = 253'402'300'800'000'000;  // the year 10000
    if (!fits || us > us_max || us < -us_max) {
      checker_.reject("time", fmt::format("{} {:+}", header_.base_us, offset_us), "microseconds since 1970");
      return std::nullopt;
    }
    const TimePoint at = time_from_us(us);
    return checker_.time(at, checker_.in_time(at) ? std::string() : std::to_string(us));
  }

  std::optional<std::uint32_t> read_pop(std::uint64_t index) {
    if (index < header_.pops.size()) {
      std::optional<std::uint32_t>& known = known_pops_[index];
      if (!known) known = checker_.pop(header_.pops[index]);
      return known;
    }
    checker_.reject("pop", std::to_string(index), fmt::format("an index below {}", header_.pops.size()));
    return std::nullopt;
  }

  // Most samples are right: the checker, which words what is wrong, is asked for names once and for the rest.
  const Header& header_;
  SampleChecker checker_;
  std::vector<std::optional<std::uint32_t>> known_pops_;
  std::optional<std::uint32_t> known_source_;
};

}  // namespace

Result<DecodedSamples> decode_binary(std::string_view body, const SampleRules& rules) {
  const auto header = read_header(body);
  if (!header) return tl::unexpected(header.error());
  DecodedSamples out;
  out.samples.reserve(header->records.size() / record_bytes);
  BinaryReader reader(*header, rules, out);
  for (std::size_t at = 0; at < header->records.size(); at += record_bytes) {
    reader.read(header->records.substr(at, record_bytes));
  }
  return out;
}

}  // namespace peering::latency
