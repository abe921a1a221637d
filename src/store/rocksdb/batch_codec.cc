#include "store/rocksdb/batch_codec.h"

#include "sketch/varint.h"
#include "store/rocksdb/keys.h"

namespace peering::store::rocks {

namespace {

using sketch::append_varint;
using sketch::VarintReader;

constexpr char format_version = 1;

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

std::string take_text(VarintReader& reader) { return std::string(reader.text(reader.next())); }

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::corrupt, "telemetry store: damaged batch of samples");
}

// False when the bytes are no series.
bool take_series(VarintReader& reader, model::SeriesKey& out) {
  out.prefix_resource = take_text(reader);
  const std::string network = take_text(reader);
  std::string_view bytes = network;
  const auto client = take_network(bytes);
  const std::uint64_t kind = reader.next();
  out.pop = take_text(reader);
  out.source = take_text(reader);
  if (!reader.ok() || !client || !bytes.empty() ||
      kind > static_cast<std::uint64_t>(model::SampleKind::quic)) {
    return false;
  }
  out.client = *client;
  out.kind = static_cast<model::SampleKind>(kind);
  return true;
}

}  // namespace

std::string encode_batch(const model::SampleBatch& batch) {
  std::string out(1, format_version);
  append_text(out, batch.idempotency_key);
  append_text(out, batch.body_digest);
  append_varint(out, batch.series.size());
  for (const model::SeriesKey& series : batch.series) {
    append_text(out, series.prefix_resource);
    std::string network;
    append_network(network, series.client);
    append_text(out, network);
    append_varint(out, static_cast<std::uint64_t>(series.kind));
    append_text(out, series.pop);
    append_text(out, series.source);
  }
  append_varint(out, batch.samples.size());
  std::uint64_t previous_us = 0;  // unsigned: differences of any two times wrap instead of overflowing
  for (const model::LatencySample& sample : batch.samples) {
    const auto at_us = static_cast<std::uint64_t>(to_us(sample.at));
    append_varint(out, sample.series);
    append_varint(out, sketch::zigzag(static_cast<std::int64_t>(at_us - previous_us)));
    append_varint(out, sample.rtt_us);
    previous_us = at_us;
  }
  return out;
}

Result<model::SampleBatch> decode_batch(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != format_version) return damaged();
  VarintReader reader(bytes.substr(1));
  model::SampleBatch out;
  out.idempotency_key = take_text(reader);
  out.body_digest = take_text(reader);
  // No count is trusted before there are at least as many bytes.
  const std::uint64_t series = reader.next();
  if (!reader.ok() || series > reader.left()) return damaged();
  for (std::uint64_t i = 0; i < series; ++i) {
    if (!take_series(reader, out.series.emplace_back())) return damaged();
  }
  const std::uint64_t samples = reader.next();
  if (!reader.ok() || samples > reader.left()) return damaged();
  out.samples.reserve(samples);
  std::uint64_t time_us = 0;
  for (std::uint64_t i = 0; i < samples; ++i) {
    const std::uint64_t of = reader.next();
    time_us += static_cast<std::uint64_t>(sketch::unzigzag(reader.next()));
    const std::uint64_t rtt_us = reader.next();
    if (!reader.ok() || of >= series || rtt_us > 0xffffffff) return damaged();
    out.samples.push_back({static_cast<std::uint32_t>(of), static_cast<std::uint32_t>(rtt_us),
                           time_from_us(static_cast<std::int64_t>(time_us))});
  }
  if (!reader.empty()) return damaged();
  return out;
}

}  // namespace peering::store::rocks
