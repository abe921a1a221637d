#include "store/rocksdb/batch_codec.h"

#include <gtest/gtest.h>

#include "sketch/varint.h"
#include "store/conformance/telemetry_values.h"
#include "store/rocksdb/keys.h"

namespace peering::store::rocks {
namespace {

using conformance::some_batch;

void add_text(std::string& out, std::string_view text) {
  sketch::append_varint(out, text.size());
  out.append(text);
}

// As batches were written before names had a list of their own.
std::string written_as_version_1(const model::SampleBatch& batch) {
  std::string out(1, 1);
  add_text(out, batch.idempotency_key);
  add_text(out, batch.body_digest);
  sketch::append_varint(out, batch.series.size());
  for (const model::BatchSeries& each : batch.series) {
    const model::SeriesKey key = batch.key(each);
    add_text(out, key.prefix_resource);
    std::string network;
    append_network(network, key.client);
    add_text(out, network);
    sketch::append_varint(out, static_cast<std::uint64_t>(key.kind));
    add_text(out, key.pop);
    add_text(out, key.source);
  }
  sketch::append_varint(out, batch.samples.size());
  std::int64_t previous_us = 0;
  for (const model::LatencySample& each : batch.samples) {
    sketch::append_varint(out, each.series);
    sketch::append_varint(out, sketch::zigzag(to_us(each.at) - previous_us));
    sketch::append_varint(out, each.rtt_us);
    previous_us = to_us(each.at);
  }
  return out;
}

TEST(BatchCodec, ReadsWhatItWrote) {
  for (int number = 0; number < 5; ++number) {
    const model::SampleBatch batch = some_batch(number);
    EXPECT_EQ(decode_batch(encode_batch(batch)).value(), batch);
  }
}

TEST(BatchCodec, ReadsBatchesOfTheFormerVersion) {
  for (int number = 0; number < 5; ++number) {
    const model::SampleBatch batch = some_batch(number);
    EXPECT_EQ(decode_batch(written_as_version_1(batch)).value(), batch);
  }
}

TEST(BatchCodec, RefusesANameThatIsNotThere) {
  model::SampleBatch batch = some_batch(1);
  batch.series[0].pop = static_cast<std::uint32_t>(batch.names.size());
  EXPECT_EQ(decode_batch(encode_batch(batch)).error().code, ErrorCode::corrupt);
}

TEST(BatchCodec, RefusesEveryBatchThatWasCutShort) {
  for (const std::string& whole : {encode_batch(some_batch(3)), written_as_version_1(some_batch(3))}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(decode_batch(std::string_view(whole).substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace peering::store::rocks
