#include "wire/rtr/client.h"

#include <algorithm>

namespace peering::wire::rtr {

namespace {

// RFC 8210 section 6.
constexpr std::uint32_t refresh_max_s = 86'400, retry_max_s = 7'200;
constexpr std::uint32_t expire_min_s = 600, expire_max_s = 172'800;
constexpr std::size_t reported_pdu_bytes_max = 1024;
constexpr unsigned doublings_max = 16;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

void append(std::vector<std::uint8_t>& to, const std::vector<std::uint8_t>& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

bool is_error_report(std::span<const std::uint8_t> bytes) { return bytes.size() > 1 && bytes[1] == 10; }

// Texts of others end up in the log.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '.' : c;
  return out;
}

}  // namespace

std::size_t Client::VrpHash::operator()(const Vrp& vrp) const noexcept {
  return std::hash<net::Prefix>{}(vrp.prefix) ^
         (std::uint64_t{vrp.asn} << 8 | vrp.length_max) * 0x9E3779B97F4A7C15ULL;
}

std::size_t Client::RouterKeyHash::operator()(const RouterKey& key) const noexcept {
  const std::string_view identifier(reinterpret_cast<const char*>(key.subject_key_identifier.data()),
                                    key.subject_key_identifier.size());
  return std::hash<std::string_view>{}(identifier) ^ key.asn;
}

void Client::query(bool anew, Instant now, ClientActions& out) {
  anew_ = anew || !session_ || session_version_ != version_;
  append(out.send,
         anew_ ? encode_pdu(version_, ResetQuery{}) : encode_pdu(version_, SerialQuery{*session_, serial_}));
  phase_ = Phase::asked;
  heard_at_ = now;
}

ClientActions Client::connected(Instant now) {
  ClientActions out;
  buffer_.clear();
  negotiating_ = true;
  heard_ = retry_at_once_ = false;
  query(false, now, out);
  return out;
}

ClientActions Client::disconnected(Instant now) {
  ClientActions out;
  if (phase_ != Phase::away && negotiating_ && !heard_ && !retry_at_once_) {
    // Not a word: it may not know the version and say so by closing.
    version_ = version_ == 0 ? version_max : static_cast<std::uint8_t>(version_ - 1);
  }
  phase_ = Phase::away;
  buffer_.clear();
  vrps_.begin(false);
  router_keys_.begin(false);
  const auto limit = std::chrono::seconds(intervals_known_ ? std::chrono::seconds(intervals_.retry_s)
                                                           : limits_.unknown_retry);
  const auto wait = std::min(limit, limits_.first_retry * (1U << std::min(failures_, doublings_max)));
  retry_at_ = retry_at_once_ ? now : now + wait;
  retry_at_once_ = false;
  ++failures_;
  return out;
}

ClientActions Client::received(std::span<const std::uint8_t> bytes, Instant now) {
  ClientActions out;
  if (phase_ == Phase::away) return out;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  heard_at_ = now;
  std::span<const std::uint8_t> rest(buffer_);
  while (!out.close) {
    const auto length = split_pdu(rest);
    if (!length) {
      refuse(length.error().kind, length.error().message, rest, out);
      break;
    }
    if (*length == 0) break;
    take(rest.first(*length), now, out);
    rest = rest.subspan(*length);
  }
  if (out.close) rest = {};
  buffer_.erase(buffer_.begin(), buffer_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  return out;
}

void Client::take(std::span<const std::uint8_t> bytes, Instant now, ClientActions& out) {
  ++counts_.pdus;
  const auto pdu = decode_pdu(bytes);
  if (!pdu) {
    refuse(pdu.error().kind, pdu.error().message, bytes, out);
    return;
  }
  heard_ = true;
  if (agree_on_version(*pdu, bytes, out)) handle(*pdu, bytes, now, out);
}

// True when the PDU is to be handled.
bool Client::agree_on_version(const Versioned& pdu, std::span<const std::uint8_t> bytes, ClientActions& out) {
  // Section 7: a Serial Notify before the first answer is ignored whatever its version.
  if (negotiating_ && std::holds_alternative<SerialNotify>(pdu.pdu)) return false;
  if (std::holds_alternative<ErrorReport>(pdu.pdu)) return true;
  if (pdu.version != version_ && !(negotiating_ && pdu.version < version_)) {
    refuse(ErrorKind::unexpected_version,
           fmt::format("a PDU of version {} in a session of version {}", pdu.version, version_), bytes, out);
    return false;
  }
  if (pdu.version < version_ && !anew_) {
    // What we asked to be continued was of another version.
    forget_session();
    version_ = pdu.version;
    retry_at_once_ = out.close = true;
    return false;
  }
  version_ = pdu.version;
  negotiating_ = false;
  return true;
}

void Client::handle(const Versioned& versioned, std::span<const std::uint8_t> bytes, Instant now,
                    ClientActions& out) {
  const auto unexpected = [&] {
    refuse(ErrorKind::corrupt_data, fmt::format("a PDU of type {} does not belong here", bytes[1]), bytes,
           out);
  };
  std::visit(Overloaded{
                 [&](const CacheResponse& response) {
                   if (phase_ != Phase::asked) return unexpected();
                   begin_response(response, bytes, out);
                 },
                 [&](const EndOfData& end) {
                   if (phase_ != Phase::receiving) return unexpected();
                   end_response(end, bytes, now, out);
                 },
                 [&](const CacheReset&) {
                   if (phase_ != Phase::asked || anew_) return unexpected();
                   query(true, now, out);
                 },
                 [&](const SerialNotify& notify) { notified(notify, now, out); },
                 [&](const ErrorReport& report) { told(report, versioned.version, now, out); },
                 [&](const SerialQuery&) { unexpected(); },
                 [&](const ResetQuery&) { unexpected(); },
                 [&](const auto&) {
                   if (phase_ != Phase::receiving) return unexpected();
                   record(versioned.pdu, bytes, out);
                 },
             },
             versioned.pdu);
}

void Client::begin_response(const CacheResponse& response, std::span<const std::uint8_t> bytes,
                            ClientActions& out) {
  if (!anew_ && response.session != *session_) {
    refuse(ErrorKind::corrupt_data,
           fmt::format("session {} answered for session {}", response.session, *session_), bytes, out);
    retry_at_once_ = true;
    return;
  }
  session_ = response.session;
  session_version_ = version_;
  phase_ = Phase::receiving;
  vrps_.begin(anew_);
  router_keys_.begin(anew_);
  aspas_next_ = anew_ ? decltype(aspas_)() : aspas_;
  // Until the End of Data what is held belongs to no serial of this session.
  if (anew_) serial_ = 0;
}

void Client::record(const Pdu& pdu, std::span<const std::uint8_t> bytes, ClientActions& out) {
  bool announced = true, fits = true;
  if (const auto* prefix = std::get_if<PrefixPdu>(&pdu)) {
    announced = prefix->announce;
    fits = announced ? vrps_.announce(prefix->vrp) : vrps_.withdraw(prefix->vrp);
  } else if (const auto* key = std::get_if<RouterKeyPdu>(&pdu)) {
    announced = key->announce;
    fits = announced ? router_keys_.announce(key->key) : router_keys_.withdraw(key->key);
  } else if (const auto* aspa = std::get_if<AspaPdu>(&pdu)) {
    const AspaKey at{aspa->aspa.customer, aspa->aspa.scope};
    announced = aspa->announce;
    // An announcement replaces the one before.
    if (announced) {
      aspas_next_[at] = aspa->aspa.providers;
    } else {
      fits = aspas_next_.erase(at) > 0;
    }
  }
  if (!fits) {
    refuse(announced ? ErrorKind::duplicate_announcement : ErrorKind::withdrawal_of_unknown,
           announced ? "announced twice" : "withdrawn and not there", bytes, out);
  } else if (records() > limits_.records_max) {
    refuse(ErrorKind::internal_error, fmt::format("more than {} records", limits_.records_max), bytes, out);
  }
}

void Client::end_response(const EndOfData& end, std::span<const std::uint8_t> bytes, Instant now,
                          ClientActions& out) {
  if (end.session != *session_) {
    refuse(ErrorKind::corrupt_data,
           fmt::format("an End of Data of session {} in session {}", end.session, *session_), bytes, out);
    return;
  }
  vrps_.commit();
  router_keys_.commit();
  aspas_ = std::move(aspas_next_);
  aspas_next_.clear();
  serial_ = end.serial;
  if (end.intervals) use_intervals(*end.intervals, out);
  intervals_known_ = true;
  end_of_data_at_ = now;
  ask_at_ = now + std::chrono::seconds(intervals_.refresh_s);
  failures_ = 0;
  ++counts_.end_of_data;
  phase_ = Phase::synchronised;
  out.data_changed = true;
}

void Client::use_intervals(const Intervals& offered, ClientActions& out) {
  Intervals use{std::clamp(offered.refresh_s, 1U, refresh_max_s),
                std::clamp(offered.retry_s, 1U, retry_max_s),
                std::clamp(offered.expire_s, expire_min_s, expire_max_s)};
  // Data must live longer than the pause between two attempts to renew it.
  const std::uint32_t longest = std::max(use.refresh_s, use.retry_s);
  if (use.expire_s <= longest) use.expire_s = std::min(longest + expire_min_s, expire_max_s);
  if (use != offered && use != intervals_) {
    out.notes.push_back(fmt::format(
        "intervals refresh {} s, retry {} s, expire {} s are taken as {} s, {} s, {} s (RFC 8210 section 6)",
        offered.refresh_s, offered.retry_s, offered.expire_s, use.refresh_s, use.retry_s, use.expire_s));
  }
  intervals_ = use;
}

void Client::notified(const SerialNotify& notify, Instant now, ClientActions& out) {
  if (phase_ != Phase::synchronised && phase_ != Phase::no_data) return;
  const bool same_session = session_ == notify.session;
  if (same_session && phase_ == Phase::synchronised && notify.serial == serial_) return;
  query(!same_session, now, out);
}

void Client::told(const ErrorReport& report, std::uint8_t version, Instant now, ClientActions& out) {
  ++counts_.errors_received;
  out.notes.push_back(
      fmt::format("the cache reports: {}; {}", to_string(report.kind), printable(report.text)));
  if (report.kind == ErrorKind::no_data_available && phase_ == Phase::asked) {
    negotiating_ = false;
    version_ = std::min(version_, version);
    phase_ = Phase::no_data;
    const auto limit = std::chrono::seconds(intervals_known_ ? std::chrono::seconds(intervals_.retry_s)
                                                             : limits_.unknown_retry);
    ask_at_ = now + std::min(limit, limits_.first_retry * (1U << std::min(failures_, doublings_max)));
    ++failures_;
    return;
  }
  if (report.kind == ErrorKind::unsupported_version && negotiating_ && version_ > 0) {
    // Not the version of the report at once: FORT sends it in version 0, and speaks 1.
    --version_;
    retry_at_once_ = true;
  } else {
    forget_session();
  }
  out.close = true;
}

// RFC 8210 section 5.11: an error report is never answered with one.
void Client::refuse(ErrorKind kind, std::string_view why, std::span<const std::uint8_t> bytes,
                    ClientActions& out) {
  out.notes.push_back(fmt::format("{}: {}; the connection is closed", to_string(kind), why));
  if (!is_error_report(bytes)) {
    const auto part = bytes.first(std::min(bytes.size(), reported_pdu_bytes_max));
    append(out.send, encode_pdu(version_, ErrorReport{kind, {part.begin(), part.end()}, std::string(why)}));
    ++counts_.errors_sent;
  }
  heard_ = true;
  forget_session();
  out.close = true;
}

ClientActions Client::tick(Instant now) {
  ClientActions out;
  if (end_of_data_at_ && now - *end_of_data_at_ >= std::chrono::seconds(intervals_.expire_s)) {
    out.notes.push_back(
        fmt::format("no End of Data for {} s: the data is too old and dropped", intervals_.expire_s));
    end_of_data_at_.reset();
    forget_session();
    vrps_.clear();
    router_keys_.clear();
    aspas_.clear();
    aspas_next_.clear();
    ++counts_.expired;
    out.data_changed = true;
    // An answer under way was a change of what is gone.
    if (phase_ == Phase::receiving || phase_ == Phase::asked) out.close = true;
  }
  const bool owes = phase_ == Phase::asked || phase_ == Phase::receiving;
  if (owes && !out.close && now - heard_at_ >= limits_.answer_time) {
    out.notes.push_back(
        fmt::format("silent for {} s: the connection is closed", limits_.answer_time.count()));
    out.close = true;
  }
  const bool waits = phase_ == Phase::synchronised || phase_ == Phase::no_data;
  if (waits && (now >= ask_at_ || ask_again_)) query(std::exchange(ask_again_, false), now, out);
  return out;
}

Instant Client::next_event() const {
  Instant out = Instant::max();
  if (end_of_data_at_) out = *end_of_data_at_ + std::chrono::seconds(intervals_.expire_s);
  if (phase_ == Phase::asked || phase_ == Phase::receiving) {
    out = std::min(out, heard_at_ + limits_.answer_time);
  }
  if (phase_ == Phase::synchronised || phase_ == Phase::no_data) {
    out = std::min(out, ask_again_ ? Instant::min() : ask_at_);
  }
  return out;
}

std::vector<Vrp> Client::vrps() const { return {vrps_.held().begin(), vrps_.held().end()}; }

std::vector<Aspa> Client::aspas() const {
  std::vector<Aspa> out;
  for (const auto& [key, providers] : aspas_) {
    if (out.empty() || out.back().customer != key.first) {
      out.push_back({key.first, providers, AspaScope::both});
      continue;
    }
    auto& all = out.back().providers;
    all.insert(all.end(), providers.begin(), providers.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }
  return out;
}

}  // namespace peering::wire::rtr
