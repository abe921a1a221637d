#include "cli/event_stream.h"

namespace peering::cli {

void EventStream::reset() {
  waiting_.clear();
  message_ = {};
  has_data_ = false;
  next_id_ = last_id_;
}

std::vector<StreamMessage> EventStream::feed(std::string_view chunk) {
  std::vector<StreamMessage> out;
  waiting_ += chunk;
  std::size_t start = 0;
  for (std::size_t end = waiting_.find('\n'); end != std::string::npos; end = waiting_.find('\n', start)) {
    std::string_view text(waiting_.data() + start, end - start);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    line(text, out);
    start = end + 1;
  }
  waiting_.erase(0, start);
  if (waiting_.size() + message_.data.size() > message_bytes_max) reset();
  return out;
}

void EventStream::line(std::string_view text, std::vector<StreamMessage>& out) {
  if (text.empty()) {
    last_id_ = next_id_;
    if (has_data_) out.push_back(message_);
    message_ = {};
    has_data_ = false;
    return;
  }
  const std::size_t colon = text.find(':');
  if (colon == 0) return;  // a comment: the server's sign of life
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) message_.data += '\n';
    message_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    message_.event = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    next_id_ = value;
  }
}

}  // namespace peering::cli
