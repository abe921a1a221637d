// Tells peeringd how long TCP handshakes took from this browser: the round-trip time to where the page comes from.
//
//     <script src="https://peering.example.net/telemetry/beacon.js" data-pop="AMS" async></script>
//
// data-hosts: whose connections count, apart by blanks; without it only the page's own host. The PoP is what the
// response says in "Server-Timing: pop;desc=AMS", else data-pop, else what the server is configured with. Nothing
// but times and the PoP is sent: no addresses of pages, no cookies.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !navigator.sendBeacon || !self.PerformanceObserver) return;

  const target = new URL("beacon", script.src).href;
  const hosts = new Set((script.dataset.hosts || location.host).split(/\s+/).filter(Boolean));
  const samples_max = 50;
  const pause_ms = 5000;
  let waiting = [];
  let timer = null;

  // A connection that was there already, or of which the browser does not tell, has no time between these. One that
  // was begun ahead of the request has too little: Chromium cuts off what was before it. Where the name was looked up
  // for this request, the connection was begun after that.
  const handshake_ms = (entry) => {
    const looked_up = entry.domainLookupStart > entry.fetchStart && entry.domainLookupEnd > entry.domainLookupStart;
    const end = entry.secureConnectionStart || entry.connectEnd;
    return looked_up && entry.connectStart >= entry.domainLookupEnd ? Math.max(0, end - entry.connectStart) : 0;
  };

  // HTTP/3 has no TCP handshake.
  const counts = (entry) =>
    hosts.has(new URL(entry.name).host) && !entry.nextHopProtocol.startsWith("h3") && handshake_ms(entry) > 0;

  const send = () => {
    clearTimeout(timer);
    const batch = waiting.splice(0, samples_max);
    timer = waiting.length > 0 ? setTimeout(send, pause_ms) : null;
    if (batch.length === 0) return;
    const now = performance.now();
    const samples = batch.map(({ pop, rtt_us, at }) => ({ pop, rtt_us, age_ms: Math.max(0, now - at) }));
    navigator.sendBeacon(target, JSON.stringify({ samples }));  // a text: asks for no permission first
  };

  const take = (list) => {
    for (const entry of list.getEntries().filter(counts)) {
      const said = (entry.serverTiming || []).find((each) => each.name === "pop");
      const pop = (said && said.description) || script.dataset.pop;
      waiting.push({ pop, rtt_us: Math.round(1000 * handshake_ms(entry)), at: entry.connectStart });
    }
    if (waiting.length > 0 && timer === null) timer = setTimeout(send, pause_ms);
  };

  for (const type of ["navigation", "resource"]) new PerformanceObserver(take).observe({ type, buffered: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") send();
  });
})();
