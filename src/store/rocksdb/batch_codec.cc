#include "store/rocksdb/batch_codec.h"

#include <algorithm>

#include "sketch/varint.h"
#include "store/rocksdb/keys.h"

namespace peering::store::rocks {

namespace {

using sketch::append_varint;
using sketch::VarintReader;

// Version 1 wrote the texts of a series with each series; it is still read.
constexpr char batch_format_version = 2, texts_in_series = 1;

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

std::string take_text(VarintReader& reader) { return std::string(reader.text(reader.next())); }

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::corrupt, "telemetry store: damaged batch of samples");
}

// False when the bytes are no client network and kind.
bool take_client(VarintReader& reader, net::Prefix& client, model::SampleKind& out_kind) {
  std::string_view bytes = reader.text(reader.next());
  const auto network = take_network(bytes);
  const std::uint64_t kind = reader.next();
  if (!reader.ok() || !network || !bytes.empty() ||
      kind > static_cast<std::uint64_t>(model::SampleKind::quic)) {
    return false;
  }
  client = *network;
  out_kind = static_cast<model::SampleKind>(kind);
  return true;
}

bool take_series_with_texts(VarintReader& reader, model::SampleBatch& out) {
  model::SeriesKey key;
  key.prefix_resource = take_text(reader);
  if (!take_client(reader, key.client, key.kind)) return false;
  key.pop = take_text(reader);
  key.source = take_text(reader);
  out.add_series(key);
  return reader.ok();
}

bool take_series(VarintReader& reader, model::SampleBatch& out) {
  model::BatchSeries series;
  const auto name = [&](std::uint32_t& number) {
    const std::uint64_t value = reader.next();
    number = static_cast<std::uint32_t>(value);
    return value < out.names.size();
  };
  if (!name(series.resource) || !name(series.pop) || !name(series.source)) return false;
  if (!take_client(reader, series.client, series.kind)) return false;
  out.series.push_back(series);
  return true;
}

// No count is trusted before there are at least as many bytes.
bool take_all_series(VarintReader& reader, bool with_texts, model::SampleBatch& out) {
  const std::uint64_t names = with_texts ? 0 : reader.next();
  if (!reader.ok() || names > reader.left()) return false;
  for (std::uint64_t i = 0; i < names; ++i) out.names.push_back(take_text(reader));
  const std::uint64_t series = reader.next();
  if (!reader.ok() || series > reader.left()) return false;
  for (std::uint64_t i = 0; i < series; ++i) {
    if (!(with_texts ? take_series_with_texts(reader, out) : take_series(reader, out))) return false;
  }
  return true;
}

// Appends to a text whose room was made before: a batch has hundreds of thousands of numbers.
class Writer {
 public:
  /// `finish` cuts off what was not used of `bytes_max`.
  Writer(std::string& out, std::size_t bytes_max) : out_(out) {
    const std::size_t before = out.size();
    out.resize(before + bytes_max);
    at_ = out.data() + before;
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<char>(value | 0x80);
    *at_++ = static_cast<char>(value);
  }
  /// As a text, which `append_network` makes.
  void network(const net::Prefix& network) {
    constexpr std::size_t head_bytes = 2;
    const auto address = network.address().bytes();
    varint(head_bytes + address.size());
    *at_++ = address.size() == 4 ? '\x04' : '\x06';
    *at_++ = static_cast<char>(network.length());
    at_ = std::copy(address.begin(), address.end(), at_);
  }
  void finish() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }

 private:
  std::string& out_;
  char* at_;
};

}  // namespace

std::string encode_batch(const model::SampleBatch& batch) {
  constexpr std::size_t series_bytes_max = 48, sample_bytes_max = 25;
  std::string out(1, batch_format_version);
  append_text(out, batch.idempotency_key);
  append_text(out, batch.body_digest);
  append_varint(out, batch.names.size());
  for (const std::string& name : batch.names) append_text(out, name);
  append_varint(out, batch.series.size());
  Writer series_writer(out, batch.series.size() * series_bytes_max);
  for (const model::BatchSeries& series : batch.series) {
    series_writer.varint(series.resource);
    series_writer.varint(series.pop);
    series_writer.varint(series.source);
    series_writer.network(series.client);
    series_writer.varint(static_cast<std::uint64_t>(series.kind));
  }
  series_writer.finish();
  append_varint(out, batch.samples.size());
  Writer sample_writer(out, batch.samples.size() * sample_bytes_max);
  std::uint64_t previous_us = 0;  // unsigned: differences of any two times wrap instead of overflowing
  for (const model::LatencySample& sample : batch.samples) {
    const auto at_us = static_cast<std::uint64_t>(to_us(sample.at));
    sample_writer.varint(sample.series);
    sample_writer.varint(sketch::zigzag(static_cast<std::int64_t>(at_us - previous_us)));
    sample_writer.varint(sample.rtt_us);
    previous_us = at_us;
  }
  sample_writer.finish();
  return out;
}

Result<model::SampleBatch> decode_batch(std::string_view bytes) {
  if (bytes.empty() || (bytes[0] != batch_format_version && bytes[0] != texts_in_series)) return damaged();
  VarintReader reader(bytes.substr(1));
  model::SampleBatch out;
  out.idempotency_key = take_text(reader);
  out.body_digest = take_text(reader);
  if (!take_all_series(reader, bytes[0] == texts_in_series, out)) return damaged();
  const std::uint64_t samples = reader.next();
  if (!reader.ok() || samples > reader.left()) return damaged();
  out.samples.reserve(samples);
  std::uint64_t time_us = 0;
  for (std::uint64_t i = 0; i < samples; ++i) {
    const std::uint64_t of = reader.next();
    time_us += static_cast<std::uint64_t>(sketch::unzigzag(reader.next()));
    const std::uint64_t rtt_us = reader.next();
    if (!reader.ok() || of >= out.series.size() || rtt_us > 0xffffffff) return damaged();
    out.samples.push_back({static_cast<std::uint32_t>(of), static_cast<std::uint32_t>(rtt_us),
                           time_from_us(static_cast<std::int64_t>(time_us))});
  }
  if (!reader.empty()) return damaged();
  return out;
}

}  // namespace peering::store::rocks
