// Anything on the syslog port. What is read points into the input, and a stream is used up from its front.
#include <cstdlib>
#include <string_view>

#include "wire/syslog/message.h"

namespace syslog = peering::wire::syslog;

namespace {

void check(std::string_view bytes) {
  const auto message = syslog::parse(bytes);
  if (!message) return;
  for (const std::string_view part : {message->host, message->application, message->content}) {
    const bool inside = part.empty() || (part.data() >= bytes.data() &&
                                         part.data() + part.size() <= bytes.data() + bytes.size());
    if (!inside) std::abort();
  }
  if (message->priority > 191) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  check(rest);
  while (true) {
    const auto frame = syslog::next_frame(rest);
    if (!frame || frame->used == 0) return 0;
    if (frame->used > rest.size() || frame->message.size() >= frame->used) std::abort();
    check(frame->message);
    rest.remove_prefix(frame->used);
  }
}
