#include "cli/bmp_dump.h"

#include <map>
#include <ostream>
#include <tuple>

#include "feeds/frame_file.h"
#include "wire/bgp/session.h"
#include "wire/bgp/update_scan.h"
#include "wire/bmp/message.h"
#include "wire/mrt/route_lines.h"

namespace peering::cli {

namespace {

namespace bgp = wire::bgp;
namespace bmp = wire::bmp;
namespace mrt = wire::mrt;

constexpr std::size_t flush_bytes = 1024 * 1024;
constexpr std::size_t peers_max = 100'000;
constexpr std::uint64_t complaints_max = 20;
constexpr int exit_failed = 1;
constexpr int exit_not_found = 3;

std::string_view view_of(const bmp::PerPeerHeader& peer) {
  if (peer.is_loc_rib()) return "LOC_RIB";
  if (peer.adj_rib_out()) return peer.post_policy() ? "OUT_POST" : "OUT_PRE";
  return peer.post_policy() ? "IN_POST" : "IN_PRE";
}

std::optional<bgp::Open> read_open(bmp::Bytes message) {
  const auto framed = bgp::decode_message(message);
  if (!framed || framed->type != bgp::MessageType::open) return std::nullopt;
  const auto open = bgp::decode_open(framed->body);
  return open ? std::optional(*open) : std::nullopt;
}

// Text of one session, with what its Peer Ups said about path identifiers.
class BmpText {
 public:
  Result<void> append(const bmp::Message& message, mrt::TextBuffer& out) {
    return std::visit([&](const auto& content) { return line(content, out); }, message);
  }

 private:
  using Key = std::tuple<bmp::PeerType, std::uint64_t, net::Address>;
  struct Facts {
    bgp::SessionFacts in, out;
  };

  static Key key_of(const bmp::PerPeerHeader& peer) { return {peer.type, peer.distinguisher, peer.address}; }

  // "IN_PRE|2026-11-25T12:00:00Z|"
  static std::string start_of(const bmp::PerPeerHeader& peer) {
    return fmt::format("{}|{}|", view_of(peer), peer.time == TimePoint{} ? "-" : format_rfc3339(peer.time));
  }
  // "|192.0.2.1|64496|"
  static std::string peer_of(const bmp::PerPeerHeader& peer) {
    return fmt::format("|{}|{}|", peer.address.to_string(), peer.asn);
  }
  static void peer_line(const bmp::PerPeerHeader& peer, std::string_view kind, std::string_view rest,
                        mrt::TextBuffer& out) {
    out.append(fmt::format("{}{}{}{}\n", start_of(peer), kind, peer_of(peer), rest));
  }

  Result<void> line(const bmp::RouteMonitoring& message, mrt::TextBuffer& out);
  Result<void> line(const bmp::PeerUp& message, mrt::TextBuffer& out);

  Result<void> line(const bmp::PeerDown& message, mrt::TextBuffer& out) {
    const auto notification = message.notification();
    peer_line(message.peer, "DOWN",
              fmt::format("{}|{}|{}", message.reason,
                          notification ? fmt::format("{}/{}", notification->code, notification->subcode) : "",
                          message.table_name().value_or("")),
              out);
    return {};
  }

  Result<void> line(const bmp::StatisticsReport& message, mrt::TextBuffer& out) {
    std::string values;
    for (const bmp::Statistic& statistic : message.statistics) {
      if (!values.empty()) values += ' ';
      values += fmt::format("{}", statistic.type);
      if (statistic.family) values += fmt::format(":{}/{}", *statistic.family >> 8, *statistic.family & 0xff);
      values += fmt::format("={}", statistic.value);
    }
    peer_line(message.peer, "STATS", values, out);
    return {};
  }

  Result<void> line(const bmp::RouteMirroring& message, mrt::TextBuffer& out) {
    peer_line(message.peer, "MIRROR", fmt::format("{}", message.mirrored.size()), out);
    return {};
  }

  Result<void> line(const bmp::Initiation& message, mrt::TextBuffer& out) {
    out.append(fmt::format("BMP|INIT|{}|{}\n", message.system_name().value_or(""),
                           message.system_description().value_or("")));
    return {};
  }

  Result<void> line(const bmp::Termination& message, mrt::TextBuffer& out) {
    const auto reason = message.reason();
    out.append(fmt::format("BMP|TERM|{}\n", reason ? fmt::format("{}", *reason) : ""));
    return {};
  }

  Result<void> line(const bmp::UnknownMessage& message, mrt::TextBuffer& out) {
    out.append(fmt::format("BMP|UNKNOWN|{}\n", message.type));
    return {};
  }

  bgp::SessionFacts facts_of(const bmp::PerPeerHeader& peer) const {
    const auto found = facts_.find(key_of(peer));
    bgp::SessionFacts out;
    if (found != facts_.end()) out = peer.adj_rib_out() ? found->second.out : found->second.in;
    out.four_octet_asn = !peer.two_octet_as_path();
    out.next_hop_optional = true;  // FRR leaves it out of its own tables
    return out;
  }

  std::map<Key, Facts> facts_;
  mrt::RouteLines lines_;
};

Result<void> BmpText::line(const bmp::PeerUp& message, mrt::TextBuffer& out) {
  peer_line(message.peer, "UP",
            fmt::format("{}|{}|{}|{}|{}", message.peer.bgp_identifier.to_string(),
                        message.local_address.to_string(), message.local_port, message.remote_port,
                        message.table_name().value_or("")),
            out);
  const auto sent = read_open(message.sent_open), received = read_open(message.received_open);
  if (!sent || !received) return fail(ErrorCode::invalid_argument, "BMP peer up: an OPEN cannot be read");
  if (facts_.size() < peers_max) {
    facts_[key_of(message.peer)] = {bgp::agreed_facts(*received, *sent), bgp::agreed_facts(*sent, *received)};
  }
  return {};
}

Result<void> BmpText::line(const bmp::RouteMonitoring& message, mrt::TextBuffer& out) {
  const auto framed = bgp::decode_message(message.update);
  if (!framed) return tl::unexpected(framed.error());
  if (framed->type != bgp::MessageType::update) {
    return fail(ErrorCode::invalid_argument, "BMP route monitoring: BGP message type {} is not UPDATE",
                static_cast<int>(framed->type));
  }
  const bgp::SessionFacts facts = facts_of(message.peer);
  const bgp::UpdateScan scan = bgp::scan_update(framed->body, facts);
  const std::string start = start_of(message.peer), peer = peer_of(message.peer);
  if (scan.outcome() != bgp::Outcome::reset_session) {
    mrt::SentUpdate sent;
    sent.read(framed->body);
    mrt::LineStyle style;
    style.start = start;
    style.peer = peer;
    style.path_ids = facts.add_path_ipv4 || facts.add_path_ipv6;
    style.merge_as_bgpdump = style.signed_numbers = false;
    lines_.append_update(sent, facts, style, out);
  }
  if (scan.end_of_rib) {
    peer_line(message.peer, "EOR", fmt::format("{}/{}", scan.end_of_rib->afi, scan.end_of_rib->safi), out);
  }
  if (scan.attributes.issues.empty()) return {};
  const bgp::Issue& issue = scan.attributes.issues.front();
  return fail(ErrorCode::invalid_argument, "UPDATE of AS{}: attribute {}: {} ({})", message.peer.asn,
              issue.attribute, issue.reason, bgp::to_string(issue.outcome));
}

void flush(mrt::TextBuffer& text, std::ostream& out) {
  out.write(text.view().data(), static_cast<std::streamsize>(text.size()));
  text.clear();
}

}  // namespace

int run_bmp_dump(const std::string& file, std::ostream& out, std::ostream& err) {
  auto input = feeds::FrameFile::open(file, bmp::split_frame);
  if (!input) {
    err << "bmp dump: " << input.error().message << "\n";
    return input.error().code == ErrorCode::not_found ? exit_not_found : exit_failed;
  }
  BmpText writer;
  mrt::TextBuffer text;
  std::uint64_t damaged = 0;
  auto frame = input->next();
  for (; frame && !frame->empty() && out; frame = input->next()) {
    const auto message = bmp::decode_message(*frame);
    const Result<void> done =
        message ? writer.append(*message, text) : Result<void>(tl::unexpected(message.error()));
    if (!done && ++damaged <= complaints_max) {
      err << "bmp dump: message " << input->frames() << ": " << done.error().message << "\n";
    }
    if (text.size() > flush_bytes) flush(text, out);
  }
  flush(text, out);
  out.flush();
  if (!frame) err << "bmp dump: after message " << input->frames() << ": " << frame.error().message << "\n";
  if (damaged > 0) err << "bmp dump: " << damaged << " messages with faults\n";
  if (!out) err << "bmp dump: the output cannot be written\n";
  return frame && out ? 0 : exit_failed;
}

}  // namespace peering::cli
