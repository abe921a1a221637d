#include "store/rocksdb/keys.h"

#include <algorithm>
#include <array>

#include "store/rocksdb/sketch_block.h"

namespace peering::store::rocks {

namespace {

constexpr std::size_t number_bytes = 8;

void append_number(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(0, number_bytes)) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
std::uint64_t ascending(TimePoint time) { return static_cast<std::uint64_t>(to_us(time)) ^ sign_bit; }
TimePoint from_ascending(std::uint64_t value) {
  return time_from_us(static_cast<std::int64_t>(value ^ sign_bit));
}

std::string with_zero(std::string_view text) {
  std::string out(text);
  out.push_back('\0');
  return out;
}

}  // namespace

std::string sequence_key(std::uint64_t sequence) {
  std::string out;
  append_number(out, sequence);
  return out;
}

std::uint64_t read_sequence(std::string_view key) {
  return key.size() == number_bytes ? read_number(key) : 0;
}

std::string scope_prefix(std::string_view scope) { return with_zero(scope); }

std::string position_key(std::string_view scope, const EventPosition& position) {
  return position_bound(scope, position.first_seen) + position.id;
}

std::string position_bound(std::string_view scope, TimePoint time) {
  std::string out = scope_prefix(scope);
  append_number(out, ~ascending(time));
  return out;
}

std::optional<EventPosition> read_position(std::string_view key, std::string_view scope) {
  const std::size_t before = scope.size() + 1;
  if (key.size() < before + number_bytes) return std::nullopt;
  const std::string_view rest = key.substr(before);
  return EventPosition{from_ascending(~read_number(rest)), std::string(rest.substr(number_bytes))};
}

std::string due_key(const model::Delivery& delivery) {
  std::string out;
  append_number(out, ascending(delivery.due));
  append_number(out, ascending(delivery.created));
  return out + delivery.id;
}

std::string due_end(TimePoint now) {
  std::string out;
  append_number(out, ascending(now));
  return out + std::string(number_bytes + 1, '\xff');
}

std::string_view delivery_of_due_key(std::string_view key) {
  return key.substr(std::min(key.size(), 2 * number_bytes));
}

std::string timed_key(TimePoint time, std::string_view key) {
  std::string out;
  append_number(out, ascending(time));
  return out.append(key);
}

Result<void> check_resource(std::string_view resource) {
  if (resource.find('\0') == std::string_view::npos) return {};
  return tl::unexpected(invalid("prefix_resource", resource, "no zero byte"));
}

Result<void> check_client(const net::Prefix& client) {
  if (has_block(client)) return {};
  return tl::unexpected(invalid("client", client.to_string(), "a length of 8, 16, 24 ... bits"));
}

std::string resource_prefix(std::string_view resource) { return with_zero(resource); }

std::string sketch_bound(std::string_view resource, TimePoint start) {
  std::string out = resource_prefix(resource);
  append_number(out, ascending(start));
  return out;
}

std::string block_key(const BlockKey& key) {
  std::string out = sketch_bound(key.resource, key.start);
  append_network(out, key.block);
  return out;
}

Result<BlockKey> read_block_key(std::string_view key) {
  const auto damaged = [] { return fail(ErrorCode::corrupt, "telemetry store: damaged key of sketches"); };
  const std::size_t zero = key.find('\0');
  if (zero == std::string_view::npos || key.size() < zero + 1 + number_bytes) return damaged();
  std::string_view rest = key.substr(zero + 1 + number_bytes);
  const auto block = take_network(rest);
  if (!block || !rest.empty()) return damaged();
  return BlockKey{key.substr(0, zero), from_ascending(read_number(key.substr(zero + 1))), *block};
}

std::string session_key(const model::SessionChange& change) {
  const int length = change.peer_address.family() == net::Family::ipv4 ? 32 : 128;
  std::string out = session_bound(net::Prefix(change.peer_address, length));
  out.append(change.router).push_back('\0');
  append_number(out, change.distinguisher);
  append_number(out, ascending(change.at));
  return out;
}

std::string session_bound(const net::Prefix& peers) {
  const int length = peers.family() == net::Family::ipv4 ? 32 : 128;
  std::string out;
  append_network(out, net::Prefix(peers.address(), length));
  return out;
}

Result<model::SessionChange> read_session_key(std::string_view key) {
  const auto damaged = [] { return fail(ErrorCode::corrupt, "telemetry store: damaged key of a session"); };
  const auto peer = take_network(key);
  if (!peer) return damaged();
  const std::size_t zero = key.find('\0');
  if (zero == std::string_view::npos || key.size() != zero + 1 + 2 * number_bytes) return damaged();
  model::SessionChange out;
  out.peer_address = peer->address();
  out.router = key.substr(0, zero);
  out.distinguisher = read_number(key.substr(zero + 1));
  out.at = from_ascending(read_number(key.substr(zero + 1 + number_bytes)));
  return out;
}

std::string time_value(TimePoint time) {
  std::string out;
  append_number(out, ascending(time));
  return out;
}

Result<TimePoint> read_time_value(std::string_view bytes) {
  if (bytes.size() != number_bytes) return fail(ErrorCode::corrupt, "telemetry store: damaged time");
  return from_ascending(read_number(bytes));
}

void append_network(std::string& out, const net::Prefix& network) {
  out.push_back(network.family() == net::Family::ipv4 ? '\x04' : '\x06');
  out.push_back(static_cast<char>(network.length()));
  for (const std::uint8_t byte : network.address().bytes()) out.push_back(static_cast<char>(byte));
}

std::optional<net::Prefix> take_network(std::string_view& bytes) {
  if (bytes.size() < 2 || (bytes[0] != 4 && bytes[0] != 6)) return std::nullopt;
  const bool is_v4 = bytes[0] == 4;
  const int length = static_cast<std::uint8_t>(bytes[1]);
  const std::size_t address_bytes = is_v4 ? 4 : 16;
  if (bytes.size() < 2 + address_bytes || length > (is_v4 ? 32 : 128)) return std::nullopt;
  std::array<std::uint8_t, 16> address{};
  std::copy_n(bytes.begin() + 2, address_bytes, address.begin());
  bytes.remove_prefix(2 + address_bytes);
  return net::Prefix(is_v4 ? net::Address::v4(std::span<const std::uint8_t, 4>(address.data(), 4))
                           : net::Address::v6(address),
                     length);
}

}  // namespace peering::store::rocks
