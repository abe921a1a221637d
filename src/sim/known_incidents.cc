// The facts. Each account is named in `source`; docs/simulator.md lists them.
#include "sim/incident.h"

namespace peering::sim {

namespace {

using model::EventKind;

Incident youtube_2008() {
  Incident out;
  out.name = "youtube-2008";
  out.title = "Pakistan Telecom announces a more-specific of YouTube";
  out.source = "https://www.ripe.net/about-us/news/youtube-hijacking-a-ripe-ncc-ris-case-study/";
  out.watched = {{"208.65.152.0/22", {36561}, {}}};
  out.before = {{"208.65.152.0/22", {3549, 36561}}, {"208.65.152.0/22", {3491, 3549, 36561}}};
  out.steps = {
      {"2008-02-24 18:47",
       "AS17557 announces 208.65.153.0/24, AS3491 passes it on",
       {{"208.65.153.0/24", {3491, 17557}}, {"208.65.153.0/24", {3549, 3491, 17557}}},
       {},
       {}},
      {"20:07", "AS36561 announces the same /24", {{"208.65.153.0/24", {3549, 36561}}}, {}, {}},
      {"20:18",
       "AS36561 announces both halves of it",
       {{"208.65.153.0/25", {3549, 36561}}, {"208.65.153.128/25", {3549, 36561}}},
       {},
       {}},
      {"20:51", "AS17557 is prepended", {{"208.65.153.0/24", {3491, 17557, 17557}}}, {}, {}},
      {"21:01", "AS3491 withdraws everything of AS17557", {}, {{"208.65.153.0/24", {3491}}}, {}},
  };
  out.verdicts = {{EventKind::subprefix_hijack, "208.65.153.0/24", 17557},
                  {EventKind::new_prefix, "208.65.153.0/24", {}},
                  {EventKind::new_prefix, "208.65.153.0/25", {}},
                  {EventKind::new_prefix, "208.65.153.128/25", {}}};
  return out;
}

Incident indosat_2014() {
  Incident out;
  out.name = "indosat-2014";
  out.title = "Indosat originates 417,038 prefixes of others";
  out.source = "https://bgpmon.net/hijack-event-today-by-indosat/";
  out.stand_ins = true;
  out.watched = {
      {"192.0.2.0/24", {64500}, {}}, {"198.51.100.0/24", {64500}, {}}, {"203.0.113.0/24", {64500}, {}}};
  for (const char* prefix : {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"}) {
    out.before.push_back({prefix, {64496, 64500}});
    out.verdicts.push_back({EventKind::origin_hijack, prefix, 4761});
  }
  IncidentStep begins{"2014-04-02 18:26", "AS4761 announces them all", {}, {}, {}};
  IncidentStep ends{"two hours later", "and withdraws them", {}, {}, {}};
  for (const auto& route : out.before) {
    begins.announced.push_back({route.prefix, {4761}});
    ends.withdrawn.push_back({route.prefix, {4761}});
  }
  out.steps = {begins, ends};
  return out;
}

Incident turk_telekom_2014() {
  Incident out;
  out.name = "turk-telekom-2014";
  out.title = "Türk Telekom announces the addresses of public resolvers";
  out.source = "https://bgpmon.net/turkey-hijacking-ip-addresses-for-popular-global-dns-providers/";
  out.watched = {{"8.8.8.0/24", {15169}, {}}};
  out.before = {{"8.8.8.0/24", {15169}}, {"8.8.8.0/24", {9121, 15169}}};
  out.steps = {{"2014-03-29", "AS9121 announces 8.8.8.8/32", {{"8.8.8.8/32", {9121}}}, {}, {}}};
  out.verdicts = {{EventKind::subprefix_hijack, "8.8.8.8/32", 9121}};
  return out;
}

Incident innofield_2016() {
  Incident out;
  out.name = "innofield-2016";
  out.title = "innofield announces more-specifics of large networks, also with a private origin behind it";
  out.source = "https://bgpmon.net/large-hijack-affects-reachability-of-high-traffic-destinations/";
  out.watched = {{"66.220.152.0/21", {32934}, {}}};
  out.before = {{"66.220.152.0/21", {6939, 32934}}};
  out.steps = {
      {"2016-04-22 17:09",
       "AS200759 announces 66.220.152.0/22",
       {{"66.220.152.0/22", {4608, 24130, 7545, 6939, 200759}}},
       {},
       {}},
      {"17:09",
       "and again, with AS65021 behind it",
       {{"66.220.152.0/22", {133812, 23948, 4788, 6939, 200759, 65021}}},
       {},
       {}},
      {"17:30", "it is over", {}, {{"66.220.152.0/22", {4608}}, {"66.220.152.0/22", {133812}}}, {}},
  };
  out.verdicts = {{EventKind::subprefix_hijack, "66.220.152.0/22", 200759},
                  {EventKind::subprefix_hijack, "66.220.152.0/22", 65021}};
  return out;
}

Incident rostelecom_2017() {
  Incident out;
  out.name = "rostelecom-2017";
  out.title = "Rostelecom originates prefixes of banks and payment networks";
  out.source = "https://bgpmon.net/bgpstream-and-the-curious-case-of-as12389/";
  out.watched = {{"216.119.216.0/24", {26380}, {}}};
  out.before = {{"216.119.216.0/24", {701, 26380}}};
  out.steps = {{"2017-04-26 22:36", "AS12389 announces it", {{"216.119.216.0/24", {12389}}}, {}, {}},
               {"22:43", "and withdraws it", {}, {{"216.119.216.0/24", {12389}}}, {}}};
  out.verdicts = {{EventKind::origin_hijack, "216.119.216.0/24", 12389}};
  return out;
}

Incident google_2017() {
  Incident out;
  out.name = "google-2017";
  out.title = "Google leaks what its peers announce to it, Verizon passes it on";
  out.source = "https://bgpmon.net/bgp-leak-causing-internet-outages-in-japan-and-beyond/";
  out.watched = {{"171.5.0.0/17", {45629}, {}}};
  out.relationships = {{701, 15169, 0}, {15169, 45629, 0}, {286, 1103, -1}, {286, 701, 0}, {5511, 701, 0}};
  out.before = {{"171.5.0.0/17", {15169, 45629}}};
  out.steps = {
      {"2017-08-25 03:22",
       "AS701 announces what it has from AS15169",
       {{"171.5.0.0/17", {1103, 286, 701, 15169, 45629}},
        {"171.5.0.0/17", {202140, 29075, 5511, 701, 15169, 45629}}},
       {},
       {}},
      {"03:30", "it is over", {}, {{"171.5.0.0/17", {1103}}, {"171.5.0.0/17", {202140}}}, {}},
  };
  out.verdicts = {{EventKind::route_leak, "171.5.0.0/17", 15169}};
  return out;
}

Incident route53_2018() {
  Incident out;
  out.name = "route53-2018";
  out.title = "eNet announces more-specifics of Amazon's name servers, to reach MyEtherWallet's users";
  out.source = "https://blog.cloudflare.com/bgp-leaks-and-crypto-currencies/";
  out.watched = {{"205.251.192.0/23", {16509}, {}}, {"205.251.196.0/23", {16509}, {}}};
  out.before = {{"205.251.192.0/23", {6939, 16509}}, {"205.251.196.0/23", {6939, 16509}}};
  out.steps = {
      {"2018-04-24 11:05",
       "AS10297 announces /24s, AS6939 passes them on",
       {{"205.251.192.0/24", {6939, 10297}},
        {"205.251.193.0/24", {6939, 10297}},
        {"205.251.197.0/24", {6939, 10297}}},
       {},
       {}},
      {"12:55",
       "it is over",
       {},
       {{"205.251.192.0/24", {6939}}, {"205.251.193.0/24", {6939}}, {"205.251.197.0/24", {6939}}},
       {}},
  };
  for (const char* prefix : {"205.251.192.0/24", "205.251.193.0/24", "205.251.197.0/24"}) {
    out.verdicts.push_back({EventKind::subprefix_hijack, prefix, 10297});
  }
  return out;
}

Incident safe_host_2019() {
  Incident out;
  out.name = "safe-host-2019";
  out.title = "Safe Host leaks its provider's routes to China Telecom";
  out.source = "https://manrs.org/2019/06/large-european-routing-leak-sends-traffic-through-china-telecom";
  out.watched = {{"46.145.0.0/16", {1136}, {}}};
  out.relationships = {{13237, 21217, -1}, {4134, 21217, 0}, {13237, 1136, 0}};
  out.before = {{"46.145.0.0/16", {13237, 1136}}};
  out.steps = {
      {"2019-06-06 09:57",
       "AS4134 announces what it has from AS21217",
       {{"46.145.0.0/16", {4134, 21217, 21217, 21217, 21217, 21217, 21217, 13237, 1136}}},
       {},
       {}},
      {"two hours later", "it is over", {}, {{"46.145.0.0/16", {4134}}}, {}},
  };
  out.verdicts = {{EventKind::route_leak, "46.145.0.0/16", 21217}};
  return out;
}

Incident verizon_2019() {
  Incident out;
  out.name = "verizon-2019";
  out.title = "An optimizer's more-specifics leak through a customer of DQE to Verizon";
  out.source =
      "https://blog.cloudflare.com/"
      "how-verizon-and-a-bgp-optimizer-knocked-large-parts-of-the-internet-offline-today/";
  out.watched = {{"104.20.0.0/20", {13335}, {}}};
  out.relationships = {{33154, 396531, -1}, {701, 396531, -1}, {3356, 33154, -1}, {3356, 13335, 0}};
  out.before = {{"104.20.0.0/20", {3356, 13335}}};
  out.steps = {
      {"2019-06-24 10:30",
       "AS701 announces a more-specific that AS33154 made",
       {{"104.20.0.0/21", {701, 396531, 33154, 3356, 13335}}},
       {},
       {}},
      {"12:38", "it is over", {}, {{"104.20.0.0/21", {701}}}, {}},
  };
  out.verdicts = {{EventKind::new_prefix, "104.20.0.0/21", {}},
                  {EventKind::route_leak, "104.20.0.0/21", 396531}};
  return out;
}

Incident vodafone_idea_2021() {
  Incident out;
  out.name = "vodafone-idea-2021";
  out.title = "Vodafone Idea originates more than 30,000 prefixes of others";
  out.source = "https://www.theregister.com/2021/04/20/vodafone_india_bgp_hijack/";
  out.stand_ins = true;
  out.watched = {{"198.18.0.0/24", {64500}, {}}, {"198.18.1.0/24", {64501}, {}}};
  out.before = {{"198.18.0.0/24", {64496, 64500}}, {"198.18.1.0/24", {64496, 64501}}};
  out.steps = {{"2021-04-16 13:48",
                "AS55410 announces them",
                {{"198.18.0.0/24", {55410}}, {"198.18.1.0/24", {55410}}},
                {},
                {}},
               {"some minutes later",
                "and withdraws them",
                {},
                {{"198.18.0.0/24", {55410}}, {"198.18.1.0/24", {55410}}},
                {}}};
  out.verdicts = {{EventKind::origin_hijack, "198.18.0.0/24", 55410},
                  {EventKind::origin_hijack, "198.18.1.0/24", 55410}};
  return out;
}

Incident klayswap_2022() {
  Incident out;
  out.name = "klayswap-2022";
  out.title = "More-specifics of Kakao's servers, to reach KLAYswap's users";
  out.source = "https://www.manrs.org/2022/02/klayswap-another-bgp-hijack-targeting-crypto-wallets/";
  out.watched = {{"211.249.216.0/21", {7625}, {}}, {"121.53.104.0/23", {38099}, {}}};
  out.before = {{"211.249.216.0/21", {4739, 15412, 10158, 7625}},
                {"121.53.104.0/23", {24516, 6939, 15412, 10158, 38099}}};
  out.steps = {
      {"2022-02-03 01:04",
       "/24s with the origin AS9457 come through AS6461",
       {{"211.249.221.0/24", {6461, 9457}}, {"121.53.104.0/24", {6461, 9457}}},
       {},
       {}},
      {"two hours later", "it is over", {}, {{"211.249.221.0/24", {6461}}, {"121.53.104.0/24", {6461}}}, {}},
  };
  out.verdicts = {{EventKind::subprefix_hijack, "211.249.221.0/24", 9457},
                  {EventKind::subprefix_hijack, "121.53.104.0/24", 9457}};
  return out;
}

Incident twitter_2022() {
  Incident out;
  out.name = "twitter-2022";
  out.title = "RTComm announces a prefix of Twitter; most networks refuse it, for it is RPKI invalid";
  out.source = "https://www.kentik.com/analysis/bgp-hijack-of-twitter-by-russian-isp/";
  out.watched = {{"104.244.42.0/24", {13414}, {}}};
  out.roas = {{"104.244.42.0/24", 24, 13414}};
  out.before = {{"104.244.42.0/24", {3356, 13414}}};
  out.steps = {{"2022-03-28 12:05", "AS8342 announces it", {{"104.244.42.0/24", {8342}}}, {}, {}},
               {"12:50", "and withdraws it", {}, {{"104.244.42.0/24", {8342}}}, {}}};
  out.verdicts = {{EventKind::origin_hijack, "104.244.42.0/24", 8342}};
  return out;
}

Incident celer_2022() {
  Incident out;
  out.name = "celer-2022";
  out.title =
      "A more-specific of Amazon with its own AS as forged origin, RPKI valid under a loose maximum length";
  out.source = "https://www.kentik.com/blog/bgp-hijacks-targeting-cryptocurrency-services/";
  out.watched = {{"44.224.0.0/11", {16509, 14618}, {1299, 16509}}};
  out.roas = {{"44.224.0.0/11", 24, 16509}, {"44.224.0.0/11", 24, 14618}};
  out.before = {{"44.224.0.0/11", {1299, 16509}}};
  out.steps = {
      {"2022-08-17 19:39",
       "AS209243 announces 44.235.216.0/24 with the origin AS14618 behind it",
       {{"44.235.216.0/24", {1299, 209243, 14618}}},
       {},
       {}},
      {"some three hours later", "it is over", {}, {{"44.235.216.0/24", {1299}}}, {}},
  };
  out.verdicts = {{EventKind::new_prefix, "44.235.216.0/24", {}},
                  {EventKind::path_forged_first_hop, "44.235.216.0/24", 209243}};
  return out;
}

Incident orange_2024() {
  Incident out;
  out.name = "orange-2024";
  out.title = "Orange España's ROAs are changed by a stranger, and its own routes become RPKI invalid";
  out.source = "https://www.kentik.com/blog/digging-into-the-orange-espana-hack";
  out.watched = {{"149.74.0.0/16", {12479}, {}}};
  out.roas = {{"149.74.0.0/16", 16, 12479}};
  out.before = {{"149.74.0.0/16", {5511, 12479}}, {"149.74.0.0/16", {1299, 5511, 12479}}};
  out.steps = {
      {"2024-01-03 14:20", "the ROA names AS49581", {}, {}, {{{"149.74.0.0/16", 16, 49581}}}},
      {"14:20", "a network that drops invalid routes loses it", {}, {{"149.74.0.0/16", {1299}}}, {}},
      {"18:00",
       "the ROA is put right",
       {{"149.74.0.0/16", {1299, 5511, 12479}}},
       {},
       {{{"149.74.0.0/16", 16, 12479}}}},
  };
  out.verdicts = {{EventKind::rpki_invalid, "149.74.0.0/16", {}}};
  return out;
}

Incident cloudflare_2024() {
  Incident out;
  out.name = "cloudflare-2024";
  out.title = "1.1.1.1/32 from Eletronet, and Nova leaks 1.1.1.0/24";
  out.source = "https://blog.cloudflare.com/cloudflare-1111-incident-on-june-27-2024";
  out.watched = {{"1.1.1.0/24", {13335}, {}}};
  out.relationships = {{267613, 262504, -1}, {1031, 262504, -1}, {267613, 13335, 0}};
  out.roas = {{"1.1.1.0/24", 24, 13335}};
  out.before = {{"1.1.1.0/24", {267613, 13335}}, {"1.1.1.0/24", {3356, 13335}}};
  out.steps = {
      {"2024-06-27 18:51", "AS267613 announces 1.1.1.1/32", {{"1.1.1.1/32", {267613}}}, {}, {}},
      {"18:52",
       "AS262504 passes 1.1.1.0/24 on to AS1031",
       {{"1.1.1.0/24", {1031, 262504, 267613, 13335}}},
       {},
       {}},
      {"20:08", "the session with AS267613 is shut, the /32 goes on", {}, {{"1.1.1.0/24", {1031}}}, {}},
      {"2024-06-28 02:28", "it is over", {}, {{"1.1.1.1/32", {267613}}}, {}},
  };
  out.verdicts = {{EventKind::subprefix_hijack, "1.1.1.1/32", 267613},
                  {EventKind::route_leak, "1.1.1.0/24", 262504}};
  return out;
}

}  // namespace

const std::vector<Incident>& known_incidents() {
  static const std::vector<Incident> incidents = {
      youtube_2008(),  turk_telekom_2014(), indosat_2014(),   innofield_2016(), rostelecom_2017(),
      google_2017(),   route53_2018(),      safe_host_2019(), verizon_2019(),   vodafone_idea_2021(),
      klayswap_2022(), twitter_2022(),      celer_2022(),     orange_2024(),    cloudflare_2024()};
  return incidents;
}

const Incident* find_incident(std::string_view name) {
  for (const Incident& incident : known_incidents()) {
    if (incident.name == name) return &incident;
  }
  return nullptr;
}

}  // namespace peering::sim
