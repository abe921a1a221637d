// An MRT file from any bytes: records are split, decoded and written as text.
#include "wire/mrt/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace mrt = peering::wire::mrt;
  std::span<const std::uint8_t> rest(data, size);
  mrt::TextWriter writer(mrt::TextStyle::bgpdump), readable(mrt::TextStyle::readable);
  mrt::TextBuffer text;
  while (true) {
    const auto length = mrt::split_record(rest);
    if (!length || *length == 0) return 0;
    const auto record = mrt::decode_header(rest.first(*length));
    rest = rest.subspan(*length);
    if (!record) continue;
    text.clear();
    (void)writer.append(*record, text);
    (void)readable.append(*record, text);
  }
}
