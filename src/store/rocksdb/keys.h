// How keys are written so that byte order is the order wanted: numbers big-endian, times with the sign bit
// flipped (newest first: complemented), texts ended by a zero byte. docs/on-disk.md lists every key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/event_query.h"
#include "store/telemetry_store.h"

namespace peering::store::rocks {

std::string sequence_key(std::uint64_t sequence);
/// 0 for bytes that are no number.
std::uint64_t read_sequence(std::string_view key);

/// `scope 00`: what all keys of one scope start with.
std::string scope_prefix(std::string_view scope);
/// `scope 00 ~first_seen id`.
std::string position_key(std::string_view scope, const EventPosition& position);
/// `scope 00 ~time`: before every position of that time and older ones.
std::string position_bound(std::string_view scope, TimePoint time);
/// Nothing when the key is too short. The key must start with `scope_prefix(scope)`.
std::optional<EventPosition> read_position(std::string_view key, std::string_view scope);

/// `due created id`.
std::string due_key(const model::Delivery& delivery);
/// The end of all deliveries due at `now` or before.
std::string due_end(TimePoint now);
std::string_view delivery_of_due_key(std::string_view key);

/// `time key`.
std::string timed_key(TimePoint time, std::string_view key);

/// In the table `state`: the sequence of the last batch whose samples are in sketches.
inline constexpr std::string_view settled_state = "settled_through";

/// Whether keys with these can be read again: an error names what is wrong.
Result<void> check_resource(std::string_view resource);
Result<void> check_client(const net::Prefix& client);
/// `resource 00`.
std::string resource_prefix(std::string_view resource);
/// `resource 00 start`.
std::string sketch_bound(std::string_view resource, TimePoint start);
/// Where a block of sketches is (`sketch_block.h`).
struct BlockKey {
  std::string_view resource;
  TimePoint start;
  net::Prefix block;
};
/// `resource 00 start network`.
std::string block_key(const BlockKey& key);
/// `corrupt` for bytes that `block_key` cannot have made. The resource belongs to `key`.
Result<BlockKey> read_block_key(std::string_view key);

/// `family length address router 00 distinguisher at`: the peer's address as a network of full length.
std::string session_key(const model::SessionChange& change);
/// What keys of sessions with peers in the prefix begin with or come after.
std::string session_bound(const net::Prefix& peers);
/// The change that the key is about, without its state and AS number; `corrupt` for bytes that `session_key`
/// cannot have made.
Result<model::SessionChange> read_session_key(std::string_view key);

/// A time as a value.
std::string time_value(TimePoint time);
/// `corrupt` for bytes that are no time.
Result<TimePoint> read_time_value(std::string_view bytes);

/// A client network in bytes, and back: family, length, address. Used in keys and in stored batches.
void append_network(std::string& out, const net::Prefix& network);
/// Takes the network off the front of `bytes`; nothing when they are no network.
std::optional<net::Prefix> take_network(std::string_view& bytes);

}  // namespace peering::store::rocks
