"""One scene for each type of event, between real routers: no event is missed, none is too many.

Every scene is played for several prefixes at once, in rounds. SCENE_REPEATS says for how many in all (default: 4; what
was measured is in docs/testing.md).
"""
import os

import harness
import scene_network
from scene_network import FAR_PARTNER, FOREIGN, LEAKING, ORIGIN, PARTNER

REPEATS = int(os.environ.get("SCENE_REPEATS", "4"))
AT_ONCE = min(REPEATS, 20)

ANNOUNCED = ("PrefixAnnouncementEvent", "Information", "announcement", "resolved")
BACKUP_ANNOUNCED = ("PrefixBackupRouteAnnouncementEvent", "Information", "backup-route", "resolved")
BACKUP_IN_USE = ("PrefixBackupPath", "Information", "active-path", "resolved")
ACTIVE_IN_USE = ("PrefixActivePath", "Information", "active-path", "resolved")


def event(kind, event_type, level, state="open"):
    return (event_type, level, kind, state)


def ended(one):
    return (*one[:3], "resolved")


class Scenes(harness.SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.number, cls.worst = 0, {}

    def play(self, scene):
        """Plays a scene for REPEATS prefixes, AT_ONCE at a time."""
        played = 0
        while played < REPEATS:
            count = min(AT_ONCE, REPEATS - played)
            prefixes = {}
            for _ in range(count):
                number = type(self).number = type(self).number + 1
                prefixes[f"p{number}"] = f"44.{number // 256}.{number % 256}.0/24"
            scene(prefixes)
            played += count

    def setUp(self):
        super().setUp()
        self.net = scene_network.SceneNetwork(self)
        self.took = []

    def tearDown(self):
        print(f"{self._testMethodName}: {REPEATS} prefixes, {len(self.took)} steps, "
              f"the slowest {max(self.took, default=0):.2f} s")
        super().tearDown()

    def add(self, prefixes, **expected):
        for name, prefix in prefixes.items():
            self.net.tenant.add_prefix(name, prefix, **{"asn": [ORIGIN], "upstreams": [PARTNER, FAR_PARTNER],
                                                        **expected})

    def all_say(self, who, prefixes, path):
        """`path` is behind the router that says it; None withdraws."""
        wanted = {prefix: path for prefix in prefixes}
        if who in (self.net.partner, self.net.far_partner):
            who.change({} if path is None else wanted, prefixes if path is None else ())
        elif path is None:
            who.withdraw(*prefixes)
        else:
            who.announce(wanted)

    def become(self, prefixes, wanted, what, **options):
        self.took.append(self.net.become(prefixes, wanted, what, **options))

    def both_announce(self, prefixes, **expected):
        """The usual state: the customer's route by the partner, and by the far partner as backup."""
        self.add(prefixes, **expected)
        self.all_say(self.net.partner, prefixes.values(), [ORIGIN])
        self.become(prefixes, [ANNOUNCED], "announced")
        self.all_say(self.net.far_partner, prefixes.values(), [ORIGIN])
        self.become(prefixes, [ANNOUNCED, BACKUP_ANNOUNCED], "announced with a backup")
        return [ANNOUNCED, BACKUP_ANNOUNCED]

    def comes_and_goes(self, before, prefixes, who, said, path, one):
        """What `who` says makes one event, and taking it back ends it."""
        self.all_say(who, said, path)
        self.become(prefixes, [*before, one], "the event")
        self.all_say(who, said, None)
        self.become(prefixes, [*before, ended(one)], "its end")

    def test_the_backup_route_goes_and_comes_back(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            gone = event("backup-route-withdrawal", "PrefixBackupRouteWithdrawalEvent", "Warning")
            self.all_say(self.net.far_partner, prefixes.values(), None)
            self.become(prefixes, [*before, gone], "the backup route is gone")
            self.all_say(self.net.far_partner, prefixes.values(), [ORIGIN])
            self.become(prefixes, [*before, ended(gone), BACKUP_ANNOUNCED], "the backup route is back")
        self.play(scene)

    def test_failover_then_no_route_at_all_then_both_again(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            self.all_say(self.net.partner, prefixes.values(), None)
            gone = event("withdrawal", "PrefixWithdrawalEvent", "Warning")
            self.become(prefixes, [*before, gone, BACKUP_IN_USE], "traffic takes the backup")
            self.all_say(self.net.far_partner, prefixes.values(), None)
            gone = event("withdrawal", "PrefixWithdrawalEvent", "Critical")
            self.become(prefixes, [*before, gone, BACKUP_IN_USE], "no route is left")
            self.all_say(self.net.partner, prefixes.values(), [ORIGIN])
            after = [*before, ended(gone), BACKUP_IN_USE, ANNOUNCED, ACTIVE_IN_USE]
            self.become(prefixes, after, "announced again")
            self.all_say(self.net.far_partner, prefixes.values(), [ORIGIN])
            self.become(prefixes, [*after, BACKUP_ANNOUNCED], "with a backup again")
        self.play(scene)

    def test_one_of_two_sessions_withdraws(self):
        def scene(prefixes):
            self.add(prefixes, upstreams=[PARTNER, FOREIGN])
            self.all_say(self.net.partner, prefixes.values(), [ORIGIN])
            self.become(prefixes, [ANNOUNCED], "announced")
            self.all_say(self.net.stranger, prefixes.values(), [ORIGIN])
            self.become(prefixes, [ANNOUNCED], "a second session is no news")
            self.all_say(self.net.partner, prefixes.values(), None)
            withdrawn = event("withdrawal", "PrefixWithdrawalEvent", "Information", "resolved")
            self.become(prefixes, [ANNOUNCED, withdrawn, ACTIVE_IN_USE], "the other session carries on")
            self.all_say(self.net.stranger, prefixes.values(), None)
        self.play(scene)

    def test_a_foreign_origin(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            self.comes_and_goes(before, prefixes, self.net.stranger, prefixes.values(), [],
                                event("origin-hijack", "PrefixOriginAsChangeEvent", "Critical"))
        self.play(scene)

    def test_a_foreign_origin_of_the_backup_route(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            self.comes_and_goes(before, prefixes, self.net.far_stranger, prefixes.values(), [],
                                event("origin-hijack", "PrefixBackupRouteOriginAsChangeEvent", "Error"))
        self.play(scene)

    def test_a_foreign_origin_of_the_covering_route(self):
        def scene(prefixes):
            covering = list(prefixes.values())
            halves = {name: prefix.replace(".0/24", ".0/25") for name, prefix in prefixes.items()}
            self.add(halves)
            self.all_say(self.net.partner, halves.values(), [ORIGIN])
            self.become(halves, [ANNOUNCED], "announced")
            self.all_say(self.net.partner, covering, [ORIGIN])
            self.become(halves, [ANNOUNCED, BACKUP_ANNOUNCED], "the covering route is the backup")
            self.comes_and_goes([ANNOUNCED, BACKUP_ANNOUNCED], halves, self.net.stranger, covering, [],
                                event("covering-route", "PrefixCoveringRouteOriginAsChangeEvent", "Error"))
        self.play(scene)

    def test_an_announcement_where_nobody_may(self):
        def scene(prefixes):
            self.add(prefixes, asn=[], upstreams=[])
            self.comes_and_goes([], prefixes, self.net.stranger, prefixes.values(), [],
                                event("squatting", "PrefixOriginAsChangeEvent", "Critical"))
        self.play(scene)

    def test_more_specifics_of_strangers_and_of_the_customer(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            halves = [prefix.replace(".0/24", ".128/25") for prefix in prefixes.values()]
            theirs = event("subprefix-hijack", "PrefixMoreSpecificEvent", "Critical")
            self.comes_and_goes(before, prefixes, self.net.stranger, halves, [], theirs)
            self.comes_and_goes([*before, ended(theirs)], prefixes, self.net.partner, halves, [ORIGIN],
                                event("new-prefix", "PrefixMoreSpecificEvent", "Warning"))
        self.play(scene)

    def test_a_forged_first_hop(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            self.comes_and_goes(before, prefixes, self.net.stranger, prefixes.values(), [ORIGIN],
                                event("path-forged-first-hop", "PrefixPathAnomalyEvent", "Error"))
        self.play(scene)

    def test_a_path_that_a_rule_forbids(self):
        def scene(prefixes):
            before = self.both_announce(prefixes, path=[{"match": f"(^|,){LEAKING},", "description": "not through them"}])
            self.comes_and_goes(before, prefixes, self.net.far_stranger, prefixes.values(), [LEAKING, FAR_PARTNER, ORIGIN],
                                event("path-rule", "PrefixPathAnomalyEvent", "Error"))
        self.play_without_leaks(scene)

    def play_without_leaks(self, scene):
        """The path of the rule is a leak as well: here only the rule is asked for."""
        add = self.add
        self.add = lambda prefixes, **expected: add(prefixes, excludeKinds=["route-leak"], **expected)
        self.play(scene)

    def test_a_leak_of_the_route_and_of_the_backup_route(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            leak = event("route-leak", "PrefixLeakEvent", "Critical")
            self.comes_and_goes(before, prefixes, self.net.stranger, prefixes.values(), [LEAKING, PARTNER, ORIGIN], leak)
            self.comes_and_goes([*before, ended(leak)], prefixes, self.net.far_stranger, prefixes.values(),
                                [LEAKING, FAR_PARTNER, ORIGIN],
                                event("route-leak", "PrefixBackupRouteLeakEvent", "Error"))
        self.play(scene)

    def test_roas_that_come_and_go(self):
        def scene(prefixes):
            self.net.set_roas()
            before = self.both_announce(prefixes)
            changed = event("roa-change", "PrefixRpkiStateChangeEvent", "Information", "resolved")
            invalid = event("rpki-invalid", "PrefixRpkiStateChangeEvent", "Error")
            self.net.set_roas([("44.0.0.0/8", 25, FOREIGN)])
            self.become(prefixes, [*before, changed, invalid], "the ROA names a stranger")
            self.net.set_roas()
            self.become(prefixes, [*before, changed, changed, ended(invalid)], "it is put right")
        self.play(scene)

    def test_what_is_no_news_stays_silent(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            for prefix in prefixes.values():
                self.net.partner.said_more[prefix] = "bgp_community.add((64496,100)); bgp_med = 50;"
            self.net.partner.change(dict.fromkeys(prefixes.values(), [ORIGIN]))
            self.become(prefixes, before, "other communities and another MED")
            self.net.partner.change(dict.fromkeys(prefixes.values(), [ORIGIN, ORIGIN, ORIGIN]))
            self.become(prefixes, before, "prepends")
            self.all_say(self.net.stranger, prefixes.values(), [PARTNER, ORIGIN])
            self.become(prefixes, before, "another transit")
            self.all_say(self.net.stranger, [f"{prefix.rsplit('.', 2)[0]}.0.0/16" for prefix in prefixes.values()][:1], [])
            self.become(prefixes, before, "a covering route of another network")
        self.play(scene)

    def test_a_required_upstream_is_lost(self):
        def scene(prefixes):
            before = self.both_announce(prefixes, require_upstreams=[FAR_PARTNER])
            gone = event("backup-route-withdrawal", "PrefixBackupRouteWithdrawalEvent", "Warning")
            lost = event("visibility-loss", "PrefixWithdrawalEvent", "Warning")
            self.all_say(self.net.far_partner, prefixes.values(), None)
            self.become(prefixes, [*before, gone, lost], "the required upstream is gone")
            self.all_say(self.net.far_partner, prefixes.values(), [ORIGIN])
            self.become(prefixes, [*before, ended(gone), ended(lost), BACKUP_ANNOUNCED], "it is back")
        self.play(scene)

    def test_a_requirement_is_violated(self):
        def scene(prefixes):
            # One good route is enough for a prefix of a provider without peerings: there is only one.
            self.net.partner.said_more.update(dict.fromkeys(prefixes.values(), "bgp_community.add((8075,8007));"))
            self.add(prefixes)
            self.all_say(self.net.partner, prefixes.values(), [ORIGIN])
            before = [ANNOUNCED]
            self.become(prefixes, before, "announced")
            harness.wait_for(lambda: all(self.state(name) == "Verified" for name in prefixes), "Verified", timeout_s=30)
            rounds = lambda: self.net.server.metrics()["peering_requirement_rounds_total"]
            began = rounds()
            harness.wait_for(lambda: rounds() >= began + 2, "two rounds of the watch", timeout_s=30)
            for prefix in prefixes.values():
                self.net.partner.said_more[prefix] = ""
            self.net.partner.change(dict.fromkeys(prefixes.values(), [ORIGIN]))
            violated = event("requirement-violation", "PrefixRequirementViolationEvent", "Warning")
            self.become(prefixes, [*before, violated], "the community is missing", timeout_s=40)
            for prefix in prefixes.values():
                self.net.partner.said_more[prefix] = "bgp_community.add((8075,8007));"
            self.net.partner.change(dict.fromkeys(prefixes.values(), [ORIGIN]))
            self.become(prefixes, [*before, ended(violated)], "it is there again", timeout_s=40)
        self.play(scene)

    def state(self, name):
        tenant = self.net.tenant
        return tenant.client.ok("GET", tenant.url(tenant.prefix_id(name)))["properties"]["prefixValidationState"]

    def test_a_session_goes_down_and_comes_back(self):
        def scene(prefixes):
            before = self.both_announce(prefixes)
            connection = lambda: sorted((e["eventType"], e["eventLevel"], e["kind"], e["state"])
                                        for e in self.net.tenant.events() if e["kind"] == "session-state")
            down = event("session-state", "PrefixSessionStateEvent", "Error")
            # That of a round before opens again, as it is only a few minutes ago.
            known = [each for each in connection() if each != ended(down)]
            self.net.partner.stop()
            harness.wait_for(lambda: connection() == sorted([*known, down]), "one event for the connection", timeout_s=20)
            self.net.partner.start()
            harness.wait_for(lambda: connection() == sorted([*known, ended(down)]), "its end", timeout_s=40)
            self.net.ignored = {"session-state"}
            self.become(prefixes, [*before, BACKUP_IN_USE, ACTIVE_IN_USE], "nothing was withdrawn")
            self.net.ignored = set()
        self.play(scene)


if __name__ == "__main__":
    harness.main()
