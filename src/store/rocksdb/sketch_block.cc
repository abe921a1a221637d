#include "store/rocksdb/sketch_block.h"

#include <algorithm>
#include <array>

#include "sketch/latency_sketch.h"
#include "sketch/varint.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

constexpr char block_version = 1;
constexpr int bits_in_block = 8;
constexpr std::size_t names_max = std::size_t{1} << 24;

// What sketches are ordered by, as one number: client, kind, PoP and source, the latter two as places in a
// sorted list of names.
constexpr std::uint64_t order_of(std::uint8_t client, model::SampleKind kind, std::uint32_t pop,
                                 std::uint32_t source) {
  return std::uint64_t{client} << 56 | std::uint64_t{static_cast<std::uint8_t>(kind)} << 48 |
         std::uint64_t{pop} << 24 | source;
}

struct Entry {
  std::uint64_t order = 0;
  std::string_view sketch;
};

// A block as it is written: names in order, each once, and entries in order.
struct Parts {
  std::vector<std::string_view> names;
  std::vector<Entry> entries;
};

std::optional<std::vector<std::string_view>> take_names(sketch::VarintReader& reader) {
  const std::uint64_t count = reader.next();
  if (!reader.ok() || count > reader.left() || count > names_max) return std::nullopt;
  std::vector<std::string_view> out;
  out.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(reader.text(reader.next()));
  if (!reader.ok()) return std::nullopt;
  return out;
}

std::optional<Parts> take_apart(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != block_version) return std::nullopt;
  sketch::VarintReader reader(bytes.substr(1));
  auto names = take_names(reader);
  if (!names) return std::nullopt;
  Parts out{std::move(*names), {}};
  while (!reader.empty()) {
    const std::string_view head = reader.text(2);
    const std::uint64_t pop = reader.next(), source = reader.next();
    const std::string_view sketch = reader.text(reader.next());
    if (!reader.ok() || pop >= out.names.size() || source >= out.names.size()) return std::nullopt;
    if (static_cast<std::uint8_t>(head[1]) > static_cast<std::uint8_t>(model::SampleKind::quic))
      return std::nullopt;
    out.entries.push_back(
        {order_of(static_cast<std::uint8_t>(head[0]), static_cast<model::SampleKind>(head[1]),
                  static_cast<std::uint32_t>(pop), static_cast<std::uint32_t>(source)),
         sketch});
  }
  return out;
}

constexpr std::uint32_t pop_of(std::uint64_t order) {
  return static_cast<std::uint32_t>(order >> 24 & (names_max - 1));
}
constexpr std::uint32_t source_of(std::uint64_t order) {
  return static_cast<std::uint32_t>(order & (names_max - 1));
}

void append_entry(std::string& out, std::uint64_t order, std::string_view sketch) {
  out.push_back(static_cast<char>(order >> 56));
  out.push_back(static_cast<char>(order >> 48));
  sketch::append_varint(out, pop_of(order));
  sketch::append_varint(out, source_of(order));
  sketch::append_varint(out, sketch.size());
  out.append(sketch);
}

// Those of one series. What is no sketch cannot be added; it stays, once, for who reads it to say so.
void append_sum(std::string& out, std::span<Entry> same) {
  if (same.size() == 1) return append_entry(out, same[0].order, same[0].sketch);
  sketch::LatencySketch sum;
  std::vector<std::string_view> damaged;
  for (const Entry& each : same) {
    if (const auto sketch = sketch::LatencySketch::from_bytes(each.sketch)) {
      sum.merge(*sketch);
    } else {
      damaged.push_back(each.sketch);
    }
  }
  if (damaged.size() < same.size()) append_entry(out, same[0].order, sum.to_bytes());
  std::ranges::sort(damaged);
  const auto repeated = std::ranges::unique(damaged);
  damaged.erase(repeated.begin(), repeated.end());
  for (const std::string_view each : damaged) append_entry(out, same[0].order, each);
}

std::string put_together(const std::vector<std::string_view>& names, std::vector<Entry>& entries) {
  constexpr std::size_t head_bytes_most = 16;
  std::size_t bytes = head_bytes_most;
  for (const std::string_view name : names) bytes += name.size() + 2;
  for (const Entry& each : entries) bytes += each.sketch.size() + head_bytes_most;
  std::string out(1, block_version);
  out.reserve(bytes);
  sketch::append_varint(out, names.size());
  for (const std::string_view name : names) {
    sketch::append_varint(out, name.size());
    out.append(name);
  }
  std::ranges::sort(entries, {}, &Entry::order);
  for (auto at = entries.begin(); at != entries.end();) {
    const auto next = std::find_if(at, entries.end(), [&](const Entry& e) { return e.order != at->order; });
    append_sum(out, std::span(at, next));
    at = next;
  }
  return out;
}

// In order, each once.
std::vector<std::string_view> sorted(std::vector<std::string_view> names) {
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::uint32_t place_of(const std::vector<std::string_view>& names, std::string_view name) {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(names, name) - names.begin());
}

class BlockMerge final : public rocksdb::MergeOperator {
 public:
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    // Most blocks that are read are whole already.
    if (!in.existing_value && in.operand_list.size() == 1) {
      out->existing_operand = in.operand_list.front();
      return true;
    }
    std::vector<std::string_view> blocks;
    if (in.existing_value) blocks.push_back(view(*in.existing_value));
    for (const rocksdb::Slice& each : in.operand_list) blocks.push_back(view(each));
    return give(merge_blocks(blocks), out->new_value);
  }
  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& operands, std::string* out,
                         rocksdb::Logger*) const override {
    std::vector<std::string_view> blocks;
    for (const rocksdb::Slice& each : operands) blocks.push_back(view(each));
    return give(merge_blocks(blocks), *out);
  }
  const char* Name() const override { return "sketch-blocks-1"; }

 private:
  static bool give(std::optional<std::string> merged, std::string& out) {
    if (merged) out = std::move(*merged);
    return merged.has_value();
  }
};

}  // namespace

bool has_block(const net::Prefix& client) {
  return client.length() >= bits_in_block && client.length() % bits_in_block == 0;
}

net::Prefix block_of(const net::Prefix& client) { return client.truncated(client.length() - bits_in_block); }

std::uint8_t last_byte(const net::Prefix& client) {
  return client.address().bytes()[static_cast<std::size_t>(client.length() / bits_in_block - 1)];
}

net::Prefix client_of(const net::Prefix& block, std::uint8_t client) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(block.address().bytes(), bytes.begin());
  bytes[static_cast<std::size_t>(block.length() / bits_in_block)] = client;
  const auto address = block.family() == net::Family::ipv4
                           ? net::Address::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4))
                           : net::Address::v6(bytes);
  return net::Prefix(address, block.length() + bits_in_block);
}

std::string write_block(std::span<const BlockSketch> sketches) {
  std::vector<std::string_view> names;
  for (const BlockSketch& each : sketches) {
    if (names.empty() || names.back() != each.source) names.push_back(each.source);
    names.push_back(each.pop);
  }
  names = sorted(std::move(names));
  std::vector<Entry> entries;
  entries.reserve(sketches.size());
  for (const BlockSketch& each : sketches)
    entries.push_back(
        {order_of(each.client, each.kind, place_of(names, each.pop), place_of(names, each.source)),
         each.bytes});
  return put_together(names, entries);
}

std::optional<std::vector<BlockSketch>> read_block(std::string_view bytes) {
  const auto parts = take_apart(bytes);
  if (!parts) return std::nullopt;
  std::vector<BlockSketch> out;
  out.reserve(parts->entries.size());
  for (const auto& [order, sketch] : parts->entries)
    out.push_back({static_cast<std::uint8_t>(order >> 56), static_cast<model::SampleKind>(order >> 48 & 0xff),
                   parts->names[pop_of(order)], parts->names[source_of(order)], sketch});
  return out;
}

std::optional<std::string> merge_blocks(std::span<const std::string_view> blocks) {
  std::vector<Parts> all;
  std::vector<std::string_view> names;
  std::size_t count = 0;
  for (const std::string_view each : blocks) {
    auto parts = take_apart(each);
    if (!parts) return std::nullopt;
    names.insert(names.end(), parts->names.begin(), parts->names.end());
    count += parts->entries.size();
    all.push_back(std::move(*parts));
  }
  names = sorted(std::move(names));
  std::vector<Entry> entries;
  entries.reserve(count);
  for (const Parts& parts : all) {
    std::vector<std::uint32_t> places;
    for (const std::string_view name : parts.names) places.push_back(place_of(names, name));
    for (const auto& [order, sketch] : parts.entries)
      entries.push_back({order_of(static_cast<std::uint8_t>(order >> 56),
                                  static_cast<model::SampleKind>(order >> 48 & 0xff), places[pop_of(order)],
                                  places[source_of(order)]),
                         sketch});
  }
  return put_together(names, entries);
}

std::shared_ptr<rocksdb::MergeOperator> block_merge_operator() { return std::make_shared<BlockMerge>(); }

}  // namespace peering::store::rocks
