// A text that does not change and is kept once, however many values have it: one pointer each.
//
// Ids of resources stand in the registry, in its keys and in what is derived from it, a million times. They
// compare by their letters, not by where they are kept.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace peering {

/// A copy shares the letters. Copies of one text may be used by any number of threads.
class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) : body_(text.empty() ? nullptr : new Body(std::move(text))) {}  // NOLINT
  SharedText(const char* text) : SharedText(std::string(text)) {}                              // NOLINT
  SharedText(const SharedText& other) : body_(other.body_) {
    if (body_) body_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedText(SharedText&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~SharedText() {
    if (body_ && body_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete body_;
  }

  const std::string& str() const {
    static const std::string nothing;
    return body_ ? body_->text : nothing;
  }
  operator const std::string&() const { return str(); }  // NOLINT
  operator std::string_view() const { return str(); }    // NOLINT
  bool empty() const { return body_ == nullptr; }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.body_ == b.body_ || a.str() == b.str();
  }
  friend bool operator==(const SharedText& a, std::string_view b) { return a.str() == b; }
  friend bool operator==(const SharedText& a, const std::string& b) { return a.str() == b; }
  friend bool operator==(const SharedText& a, const char* b) { return a.str() == b; }

 private:
  struct Body {
    explicit Body(std::string given) : text(std::move(given)) { text.shrink_to_fit(); }
    std::atomic<std::uint32_t> references{1};
    std::string text;
  };
  Body* body_ = nullptr;
};

}  // namespace peering

template <>
struct fmt::formatter<peering::SharedText> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const peering::SharedText& text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.str(), context);
  }
};
