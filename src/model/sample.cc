#include "model/sample.h"

#include "model/names.h"

namespace peering::model {

namespace {

constexpr NameTable<SampleKind, 6> sample_kind_names{{
    {SampleKind::srtt, "srtt"},
    {SampleKind::min, "min"},
    {SampleKind::handshake, "handshake"},
    {SampleKind::icmp, "icmp"},
    {SampleKind::stamp, "stamp"},
    {SampleKind::quic, "quic"},
}};

constexpr int ipv4_mask_bits = 24;
constexpr int ipv6_mask_bits = 48;

}  // namespace

std::string_view to_string(SampleKind kind) { return name_of(sample_kind_names, kind); }
std::optional<SampleKind> parse_sample_kind(std::string_view text) {
  return value_of(sample_kind_names, text);
}

SeriesKey SampleBatch::key(const BatchSeries& of) const {
  return {names[of.resource], of.client, names[of.pop], of.kind, names[of.source]};
}

std::uint32_t SampleBatch::add_series(const SeriesKey& key) {
  const auto first = static_cast<std::uint32_t>(names.size());
  names.insert(names.end(), {key.prefix_resource, key.pop, key.source});
  series.push_back({first, first + 1, first + 2, key.kind, key.client});
  return static_cast<std::uint32_t>(series.size() - 1);
}

net::Prefix mask_client(const net::Address& client) {
  return net::Prefix(client, client.is_v4() ? ipv4_mask_bits : ipv6_mask_bits);
}

}  // namespace peering::model
