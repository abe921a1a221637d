#include "http/stream_channel.h"

namespace peering::http {

bool StreamChannel::write(std::string chunk) {
  bool taken = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || abandoned_) return false;
    taken = waiting_.empty() || waiting_.size() + chunk.size() <= waiting_bytes_max;
    if (!taken) {
      abandoned_ = true;
    } else if (waiting_.empty()) {
      waiting_ = std::move(chunk);
    } else {
      waiting_ += chunk;
    }
  }
  wake_();
  return taken;
}

void StreamChannel::close() {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
  }
  wake_();
}

StreamChannel::Piece StreamChannel::take() {
  const std::lock_guard lock(mutex_);
  return {std::exchange(waiting_, {}), ended_, abandoned_};
}

void StreamChannel::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  waiting_.clear();
}

namespace {

class Sink final : public BodySink {
 public:
  explicit Sink(std::shared_ptr<StreamChannel> channel) : channel_(std::move(channel)) {}
  ~Sink() override { channel_->close(); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  bool write(std::string chunk) override { return channel_->write(std::move(chunk)); }
  void close() override { channel_->close(); }

 private:
  const std::shared_ptr<StreamChannel> channel_;
};

}  // namespace

std::shared_ptr<BodySink> make_sink(std::shared_ptr<StreamChannel> channel) {
  return std::make_shared<Sink>(std::move(channel));
}

}  // namespace peering::http
