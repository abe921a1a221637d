// A TCP connection of a simulated router: blocking, with time limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::sim {

/// Closes itself. Not thread-safe.
class TcpSocket {
 public:
  /// `endpoint`: "127.0.0.1:11019", "[::1]:11019", "station.example:11019".
  static Result<TcpSocket> connect(std::string_view endpoint, std::chrono::milliseconds patience);
  TcpSocket(TcpSocket&& other) noexcept;
  TcpSocket& operator=(TcpSocket&& other) noexcept;
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;
  ~TcpSocket();

  /// Everything, or an error: the other side is gone, or took nothing for 10 s.
  Result<void> send_all(std::span<const std::uint8_t> bytes);
  /// True when the other side has closed. What it sent is thrown away.
  bool closed_by_peer();
  std::uint16_t local_port() const;

 private:
  explicit TcpSocket(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace peering::sim
