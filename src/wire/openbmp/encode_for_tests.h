// What a collector writes, for tests.
#pragma once

#include <string>
#include <vector>

#include "wire/openbmp/message.h"

namespace peering::wire::openbmp {

inline std::vector<std::uint8_t> encode_for_tests(std::string_view collector, std::uint8_t router, Bytes body,
                                                  std::uint8_t object = object_bmp_raw) {
  const std::string group = "group";
  std::vector<std::uint8_t> out = {'O', 'B', 'M', 'P', 1, 7, 0, 0};
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(value >> shift));
  };
  number(static_cast<std::uint32_t>(body.size()), 4);
  out.push_back(0x80);
  out.push_back(object);
  number(1'700'000'000, 4);
  number(250'000, 4);
  out.insert(out.end(), 16, 0xC0);
  number(static_cast<std::uint32_t>(collector.size()), 2);
  out.insert(out.end(), collector.begin(), collector.end());
  out.insert(out.end(), 16, router);
  const std::uint8_t address[16] = {192, 0, 2, router};
  out.insert(out.end(), address, address + 16);
  number(static_cast<std::uint32_t>(group.size()), 2);
  out.insert(out.end(), group.begin(), group.end());
  number(1, 4);
  out[6] = static_cast<std::uint8_t>(out.size() >> 8);
  out[7] = static_cast<std::uint8_t>(out.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

}  // namespace peering::wire::openbmp
