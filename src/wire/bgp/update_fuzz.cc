// The body of an UPDATE, OPEN and NOTIFICATION from any bytes. The first byte chooses the session's facts.
#include "base/check.h"
#include "wire/bgp/update.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace bgp = peering::wire::bgp;
  if (size == 0) return 0;
  const bgp::SessionFacts facts{(data[0] & 1) != 0, (data[0] & 2) != 0, (data[0] & 4) != 0};
  const std::span<const std::uint8_t> body(data + 1, size - 1);
  const bgp::Update update = bgp::decode_update(body, facts);
  const auto outcome = update.outcome();
  if (outcome == bgp::Outcome::treat_as_withdraw || outcome == bgp::Outcome::reset_session) {
    PEERING_CHECK(update.announced.empty() && update.mp_announced.empty());
  }
  (void)bgp::decode_open(body);
  (void)bgp::decode_notification(body);
  (void)bgp::decode_message(body);
  return 0;
}
