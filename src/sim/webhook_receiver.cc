#include "sim/webhook_receiver.h"

#include <charconv>

#include "base/digest.h"

namespace peering::sim {

namespace {

constexpr std::size_t received_max = 10000;

// The value of "name=" in "a=1,b=2".
std::string_view field_of(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::string_view part = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), part.size() + 1));
    if (part.size() > name.size() && part.substr(0, name.size()) == name && part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

Result<void> check_signature(std::string_view header, std::string_view body, std::string_view secret,
                             TimePoint at, std::chrono::seconds tolerance) {
  const std::string_view time = field_of(header, "t"), signature = field_of(header, "v1");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), seconds);
  if (time.empty() || signature.empty() || error != std::errc() || end != time.data() + time.size()) {
    return tl::unexpected(invalid("Peering-Signature", header, "t=<unix seconds>,v1=<hexadecimal>"));
  }
  const std::int64_t now_s = to_us(at) / 1000000;
  if (seconds < now_s - tolerance.count() || seconds > now_s + tolerance.count()) {
    return tl::unexpected(invalid("Peering-Signature", header, "its time must be near"));
  }
  const std::string signed_text = std::string(time) + "." + std::string(body);
  if (!equal_constant_time(to_hex(hmac_sha256(secret, signed_text)), signature)) {
    return fail(ErrorCode::permission_denied, "the signature does not belong to this body and secret");
  }
  return {};
}

WebhookReceiver::WebhookReceiver(std::string secret) : secret_(std::move(secret)) {}

WebhookReceiver::~WebhookReceiver() {
  if (server_) server_->stop();
  workers_.stop();
}

Result<std::string> WebhookReceiver::start() {
  server_ = std::make_unique<http::Server>([this](const http::Request& request) { return take(request); },
                                           http::Limits{}, workers_, metrics_);
  const auto bound = server_->listen({"127.0.0.1", 0}, std::nullopt);
  if (!bound) return tl::unexpected(bound.error());
  return "http://" + bound->to_string() + "/alerts";
}

http::Response WebhookReceiver::take(const http::Request& request) {
  http::Response out;
  const TimePoint at = now();
  auto body = parse_json(request.body);
  if (!body) {
    out.status = 400;
    out.body = body.error().message;
    return out;
  }
  const auto right =
      check_signature(request.headers.get("Peering-Signature").value_or(""), request.body, secret_, at);
  const std::lock_guard lock(mutex_);
  if (received_.size() < received_max) {
    received_.push_back({at, std::move(*body), right ? std::string() : right.error().message});
  }
  out.status = right ? 204 : 401;
  return out;
}

std::vector<ReceivedWebhook> WebhookReceiver::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

}  // namespace peering::sim
