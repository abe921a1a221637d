#include "feeds/bgp_to_mrt.h"

#include <utility>

#include "wire/bgp/update_scan.h"

namespace peering::feeds {

namespace {

namespace bgp = wire::bgp;
namespace mrt = wire::mrt;

// RFC 6396 section 4.4.1.
constexpr std::uint16_t session_idle = 1, session_open_confirm = 5, session_established = 6;

bool has_path_ids(std::span<const std::uint8_t> body, const bgp::SessionFacts& facts) {
  if (facts.add_path_ipv4 == facts.add_path_ipv6) return facts.add_path_ipv4;
  const bgp::UpdateScan scan = bgp::scan_update(body, facts);
  const auto is_ipv6 = [](const std::optional<bgp::MpRoutes>& part) { return part && part->family.afi == 2; };
  return is_ipv6(scan.attributes.reach) || is_ipv6(scan.attributes.unreach) ? facts.add_path_ipv6
                                                                            : facts.add_path_ipv4;
}

}  // namespace

mrt::MessageForm message_form(std::span<const std::uint8_t> body, const bgp::SessionFacts& facts) {
  return {facts.four_octet_asn, has_path_ids(body, facts), false};
}

void BgpToMrt::change_state(std::uint16_t from, std::uint16_t to, TimePoint at) {
  if (!mrt::append_state_change(at, {up_->session, from, to}, out_)) ++left_out_;
}

void BgpToMrt::up(const mrt::Session& session, const bgp::SessionFacts& facts, TimePoint at) {
  up_ = {session, facts};
  change_state(session_open_confirm, session_established, at);
}

void BgpToMrt::take(std::span<const std::uint8_t> message, TimePoint at) {
  if (!up_ || message.size() < bgp::header_bytes) return;
  if (message[bgp::header_bytes - 1] != static_cast<std::uint8_t>(bgp::MessageType::update)) return;
  const auto form = message_form(message.subspan(bgp::header_bytes), up_->facts);
  if (!mrt::append_message(at, up_->session, form, message, out_)) ++left_out_;
}

void BgpToMrt::down(TimePoint at) {
  if (!up_) return;
  change_state(session_established, session_idle, at);
  up_.reset();
}

std::vector<std::uint8_t> BgpToMrt::records() { return std::exchange(out_, {}).take(); }

}  // namespace peering::feeds
