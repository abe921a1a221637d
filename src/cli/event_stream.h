// Server-sent events (WHATWG HTML, section 9.2): from pieces of a stream to messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peering::cli {

/// One message of the stream.
struct StreamMessage {
  std::string event;  ///< empty: "message"
  std::string data;
  friend bool operator==(const StreamMessage&, const StreamMessage&) = default;
};

/// Keeps what is incomplete between two pieces. Lines may end in LF or CR LF.
class EventStream {
 public:
  /// A message above this size is dropped.
  static constexpr std::size_t message_bytes_max = 4 * 1024 * 1024;

  /// The messages that `chunk` completes.
  std::vector<StreamMessage> feed(std::string_view chunk);
  /// The id of the last complete message, to be sent as Last-Event-ID.
  const std::string& last_id() const { return last_id_; }
  /// The connection ended: forgets what is incomplete, keeps the id.
  void reset();

 private:
  void line(std::string_view text, std::vector<StreamMessage>& out);

  std::string waiting_;
  StreamMessage message_;
  bool has_data_ = false;
  std::string last_id_, next_id_;  // the latter counts once its message is complete
};

}  // namespace peering::cli
