// One neighbour's machine under any order of events and any bytes. What must hold: a connection that was
// closed is spoken of no more, sessions come up and go down in turn, and what is sent can be read.
#include <algorithm>

#include "base/byte_cursor.h"
#include "base/check.h"
#include "wire/bgp/fsm.h"
#include "wire/bgp/notification.h"

namespace bgp = peering::wire::bgp;

namespace {

bgp::Open open_of(peering::net::Asn asn, std::uint8_t shape) {
  bgp::Open out;
  out.asn = asn;
  out.hold_time_s = 90;
  out.bgp_identifier = peering::net::Address::v4(shape & 1 ? 9 : 1);
  out.four_octet_asn = (shape & 2) != 0;
  out.extended_message = (shape & 4) != 0;
  out.route_refresh = out.enhanced_route_refresh = (shape & 8) != 0;
  out.families = {bgp::ipv4_unicast, bgp::ipv6_unicast};
  if (shape & 16) out.add_path = {{bgp::ipv4_unicast, true, true}, {bgp::ipv6_unicast, true, true}};
  if (shape & 32) out.graceful_restart = {{false, true, 60, {{bgp::ipv4_unicast, true}}}};
  return out;
}

struct Watch {
  bool open[bgp::slots_max] = {false, false};
  bool up = false;

  void look(const bgp::Actions& actions) {
    for (const bgp::Action& action : actions) {
      if (const auto* send = std::get_if<bgp::SendBytes>(&action)) {
        PEERING_CHECK(open[send->slot]);
        PEERING_CHECK(bgp::decode_message(send->bytes));
      } else if (const auto* close = std::get_if<bgp::CloseConnection>(&action)) {
        PEERING_CHECK(open[close->slot]);
        open[close->slot] = false;
      } else if (const auto* start = std::get_if<bgp::StartTimer>(&action)) {
        using Kind = bgp::Timer::Kind;
        const bool of_slot = start->timer.kind == Kind::hold || start->timer.kind == Kind::keepalive;
        PEERING_CHECK(!of_slot || open[start->timer.slot]);
        PEERING_CHECK(start->after.count() > 0);
      } else if (std::holds_alternative<bgp::SessionUp>(action)) {
        PEERING_CHECK(!std::exchange(up, true));
      } else if (std::holds_alternative<bgp::SessionDown>(action)) {
        PEERING_CHECK(std::exchange(up, false));
      } else if (std::holds_alternative<bgp::RoutesReceived>(action)) {
        PEERING_CHECK(up);
      }
    }
  }
};

class Run {
 public:
  explicit Run(std::uint8_t shape) : fsm_(settings_of(shape)), shape_(shape) { fsm_.start(actions_); }

  void step(std::uint8_t what, peering::ByteReader& input) {
    const std::size_t slot = what >> 3 & 1;
    switch (what & 7) {
      case 0:
        if (const auto taken = fsm_.connected(slot == 1, actions_)) watch_.open[*taken] = true;
        break;
      case 1:
        give(slot, input.bytes(std::min<std::size_t>(input.u8(), input.left())));
        break;
      case 2:
        fsm_.expired({static_cast<bgp::Timer::Kind>((what >> 4) % 5), slot}, actions_);
        break;
      case 3:
        fsm_.closed(slot, "closed", actions_);
        break;
      case 4:
        give(slot, bgp::encode_open(open_of(64496, static_cast<std::uint8_t>(shape_ ^ (what >> 4)))));
        break;
      case 5:
        give(slot, bgp::encode_keepalive());
        break;
      case 6:
        give_framed(slot, static_cast<std::uint8_t>(1 + (what >> 4) % 6), input);
        break;
      default:
        if (slot == 0) {
          fsm_.connect_failed(actions_);
        } else if (what & 16) {
          fsm_.refresh(bgp::ipv4_unicast, actions_);
        } else {
          fsm_.stop(bgp::cease(bgp::CeaseSubcode::administrative_reset, "x"), std::chrono::seconds(1),
                    actions_);
        }
    }
    watch_.look(actions_);
    actions_.clear();
    PEERING_CHECK(watch_.open[0] == !fsm_.is_free(0) && watch_.open[1] == !fsm_.is_free(1));
    PEERING_CHECK(watch_.up == (fsm_.is_established(0) || fsm_.is_established(1)));
  }

 private:
  static bgp::FsmSettings settings_of(std::uint8_t shape) {
    bgp::FsmSettings out;
    out.open = open_of(64500, static_cast<std::uint8_t>(shape | 14));
    out.open.bgp_identifier = peering::net::Address::v4(5);
    out.peer_asn = 64496;
    out.passive = (shape & 64) != 0;
    return out;
  }

  void give(std::size_t slot, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const std::size_t used = fsm_.take(slot, bytes, actions_);
      PEERING_CHECK(used <= bytes.size());
      if (used == 0) return;
      bytes = bytes.subspan(used);
    }
  }
  void give_framed(std::size_t slot, std::uint8_t type, peering::ByteReader& input) {
    const auto body = input.bytes(std::min<std::size_t>(input.u8(), input.left()));
    peering::ByteWriter message;
    for (int i = 0; i < 16; ++i) message.u8(0xff);
    message.u16(static_cast<std::uint16_t>(bgp::header_bytes + body.size()));
    message.u8(type);
    message.bytes(body);
    give(slot, message.data());
  }

  bgp::Fsm fsm_;
  const std::uint8_t shape_;
  bgp::Actions actions_;
  Watch watch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  peering::ByteReader input({data, size});
  Run run(input.u8());
  while (!input.empty()) {
    const std::uint8_t what = input.u8();
    run.step(what, input);
  }
  return 0;
}
