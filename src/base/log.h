// Logging. One line an event on stderr; call sites pass fmt formats.
#pragma once

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace peering::log {

enum class Level { debug, info, warning, error };

/// Lines below this level are dropped. Thread-safe.
void set_level(Level level);
/// Writes one line. Thread-safe. Never called with client addresses that are not masked.
void write(Level level, std::string_view text);

template <class... A>
void debug(fmt::format_string<A...> text, A&&... a) {
  write(Level::debug, fmt::format(text, std::forward<A>(a)...));
}
template <class... A>
void info(fmt::format_string<A...> text, A&&... a) {
  write(Level::info, fmt::format(text, std::forward<A>(a)...));
}
template <class... A>
void warning(fmt::format_string<A...> text, A&&... a) {
  write(Level::warning, fmt::format(text, std::forward<A>(a)...));
}
template <class... A>
void error(fmt::format_string<A...> text, A&&... a) {
  write(Level::error, fmt::format(text, std::forward<A>(a)...));
}

}  // namespace peering::log
