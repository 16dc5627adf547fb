// The source panel: a document at its quote, as text or as the pages of its PDF. One panel for the whole page; it lies
// beside the conversation, on a phone above it, and takes nothing away from it.
wenju.reader = (() => {
  "use strict";
  const KEEP = 8; // windows of text kept in the page
  const NEAR = 800; // pixels from an end at which the next window is fetched
  const WIDTHS = [800, 1200, 1600, 2400, 3000];
  const ZOOMS = [1, 1.5, 2, 3, 4];
  let panel, body, shown, opener, zoom = 0, asPages = true, found = [], more = "", at = -1, turn = 0;

  const parse = (spans) => (spans ? spans.split(",").map((span) => span.split("-").map(Number)) : []);
  const named = (extra) => ({ collection: shown.collection, document: shown.document, ...extra });
  const part = (name) => panel.querySelector(name);

  function build() {
    panel = document.createElement("section");
    panel.className = "wj wj-reader";
    panel.tabIndex = -1;
    panel.hidden = true;
    panel.innerHTML =
      '<div class="wj-reader-head"></div><div class="wj-reader-body" tabindex="0"><div class="wj-lines"></div>' +
      '<div class="wj-leaves"></div></div>';
    document.body.append(panel);
    body = part(".wj-reader-body");
    body.addEventListener("scroll", scrolled, { passive: true });
    panel.addEventListener("click", clicked);
    panel.addEventListener("keydown", pressed);
    panel.addEventListener("input", (event) => {
      if (event.target.type === "search") wenju.later("find", 200, find);
    });
  }

  // Opening and closing

  // place: {collection, document, spans, facts, said, turn, number}
  async function open(place, by) {
    if (!panel) build();
    const mine = ++turn;
    if (panel.hidden) {
      opener = by || document.activeElement;
      if (wenju.narrow()) history.pushState({ ...history.state, wjReader: place }, "");
    }
    let answer;
    try {
      answer = await wenju.get("read", place);
    } catch (error) {
      answer = { head: "", error };
    }
    if (mine !== turn) return;
    shown = { ...place, spans: answer.spans, facts: answer.facts, pdf: answer.pdf, total: answer.total, v: answer.version };
    history.replaceState({ ...history.state, wjReader: place }, "");
    found = [];
    at = -1;
    keepPlace(() => {
      panel.hidden = false;
      document.body.classList.add("wj-reading");
    });
    marked();
    const lines = part(".wj-lines"), head = part(".wj-reader-head");
    part(".wj-leaves").replaceChildren();
    lines.replaceChildren();
    if (answer.error) {
      head.innerHTML = '<header><button type="button" class="wj-close" data-do="close"></button></header>';
      head.querySelector("button").textContent = wenju.say("关闭", "Close");
      const note = document.createElement("p");
      note.className = "wj-note";
      note.textContent = answer.error.message;
      const kept = document.createElement("p");
      kept.append(document.createElement("mark"));
      kept.firstChild.textContent = place.said || "";
      lines.append(note, kept);
    } else {
      head.innerHTML = answer.head;
      lines.append(windowOf(answer));
      citing();
    }
    panel.setAttribute("aria-label", head.querySelector("h2")?.textContent || "");
    panel.setAttribute("role", wenju.narrow() ? "dialog" : "complementary");
    await show(shown.pdf && asPages);
    if (mine !== turn) return;
    panel.focus({ preventScroll: true });
  }

  function close() {
    if (!panel || panel.hidden) return;
    if (wenju.narrow() && history.state?.wjReader) history.back();
    else {
      history.replaceState({ ...history.state, wjReader: undefined }, "");
      hide();
    }
  }

  function hide() {
    turn++;
    keepPlace(() => {
      panel.hidden = true;
      document.body.classList.remove("wj-reading");
    });
    marked();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  }

  // The conversation gets narrower and wider with the panel: what the reader clicked stays where it was.
  function keepPlace(change) {
    const log = document.getElementById("wj-log");
    const held = opener?.isConnected && log?.contains(opener) ? opener : null;
    const before = held?.getBoundingClientRect().top;
    change();
    if (held) log.scrollTop += held.getBoundingClientRect().top - before;
  }

  addEventListener("popstate", (event) => {
    if (event.state?.wjReader) open(event.state.wjReader);
    else if (panel && !panel.hidden) hide();
  });

  // Text

  function windowOf(answer) {
    const made = document.createElement("div");
    made.className = "wj-window";
    made.dataset.start = answer.start;
    made.dataset.end = answer.end;
    made.innerHTML = answer.html;
    return made;
  }

  const quotes = () => ({ spans: shown.spans, facts: shown.facts });
  let fetching = false;

  async function grow() {
    const lines = part(".wj-lines");
    if (fetching || lines.hidden || !lines.firstElementChild?.dataset.start) return;
    const first = lines.firstElementChild, last = lines.lastElementChild;
    const above = body.scrollTop < NEAR && Number(first.dataset.start) > 0;
    const below = body.scrollHeight - body.scrollTop - body.clientHeight < NEAR && Number(last.dataset.end) < shown.total;
    if (!above && !below) return;
    fetching = true;
    const mine = turn;
    try {
      const answer = await wenju.get("text", named({ ...quotes(), ...(below ? { after: last.dataset.end } : { before: first.dataset.start }) }));
      if (mine !== turn || !first.isConnected || !last.isConnected) return;
      const fresh = windowOf(answer);
      const held = below ? last : first;
      const before = held.getBoundingClientRect().top;
      if (below) last.after(fresh);
      else first.before(fresh);
      if (lines.childElementCount > KEEP) (below ? first : last).remove();
      body.scrollTop += held.getBoundingClientRect().top - before;
      paint();
    } catch {
      return; // the next scroll tries again
    } finally {
      fetching = false;
    }
    grow();
  }

  const range = (start, end) => wenju.range(part(".wj-lines"), start, end);

  function loaded(start, end) {
    const lines = part(".wj-lines");
    return Number(lines.firstElementChild?.dataset.start) <= start && end <= Number(lines.lastElementChild?.dataset.end);
  }

  async function toText(start, end) {
    if (!loaded(start, end)) {
      const mine = turn;
      const answer = await wenju.get("text", named({ ...quotes(), around: start }));
      if (mine !== turn) return;
      part(".wj-lines").replaceChildren(windowOf(answer));
    }
    paint();
    centre(range(start, end)?.getBoundingClientRect());
  }

  function centre(box) {
    if (!box) return;
    const frame = body.getBoundingClientRect();
    const room = Math.max((frame.height - box.height) / 2, frame.height * 0.12);
    body.scrollTop += box.top - frame.top - room;
    if (box.left < frame.left || box.right > frame.right) body.scrollLeft += box.left - frame.left - 24;
  }

  // Pages

  async function drawPages() {
    const leaves = part(".wj-leaves");
    if (leaves.childElementCount) return;
    const mine = turn;
    const answer = await wenju.get("leaves", named(quotes()));
    if (mine !== turn) return;
    leaves.append(
      ...answer.sizes.map(([wide, high], index) => wenju.sheet(wide, high, index + 1)),
    );
    box(answer.spans, "wj-quoted");
    box(answer.facts, "wj-stressed");
    zoomTo(Math.max(zoom, wenju.narrow() ? 1 : 0)); // a whole page is too small to read on a phone
  }

  function box(places, kind) {
    for (const [page, boxes] of Object.entries(places)) {
      part(`.wj-sheet[data-page="${page}"]`)?.append(...boxes.map((edges) => wenju.box(edges, kind)));
    }
  }

  function zoomTo(step) {
    const leaf = current() || part(".wj-sheet");
    const shift = leaf ? (body.scrollTop - leaf.offsetTop) / leaf.offsetHeight : 0;
    zoom = Math.min(Math.max(step, 0), ZOOMS.length - 1);
    const leaves = part(".wj-leaves");
    leaves.style.width = `${ZOOMS[zoom] * 100}%`;
    if (leaf) body.scrollTop = leaf.offsetTop + shift * leaf.offsetHeight;
    const wanted = leaves.clientWidth * (window.devicePixelRatio || 1);
    const width = WIDTHS.find((one) => one >= wanted) || WIDTHS.at(-1);
    for (const sheet of leaves.children) {
      const picture = sheet.firstElementChild;
      const source = wenju.address("leaf", named({ page: sheet.dataset.page, width, v: shown.v }));
      if (picture.getAttribute("src") !== source) picture.setAttribute("src", source);
    }
  }

  function current() {
    const middle = body.scrollTop + body.clientHeight / 2;
    return [...part(".wj-leaves").children].findLast((leaf) => leaf.offsetTop <= middle);
  }

  function counting() {
    const where = part(".wj-leaf-at"), leaves = part(".wj-leaves");
    if (where) where.textContent = `${current()?.dataset.page || 1} / ${leaves.childElementCount}`;
  }

  function leafTo(page) {
    const leaf = part(`.wj-sheet[data-page="${page}"]`);
    if (leaf) body.scrollTop = leaf.offsetTop - 8;
  }

  async function show(pages) {
    const lines = part(".wj-lines"), leaves = part(".wj-leaves"), mine = turn;
    if (pages) {
      try {
        lines.hidden = true;
        leaves.hidden = false;
        await drawPages();
      } catch {
        pages = false; // the text is there in any case
      }
      if (mine !== turn) return;
    }
    lines.hidden = pages;
    leaves.hidden = !pages;
    panel.classList.toggle("wj-paged", Boolean(pages));
    for (const mode of ["pages", "text"]) part(`[data-do="${mode}"]`)?.setAttribute("aria-pressed", String((mode === "pages") === Boolean(pages)));
    const [quote] = parse(shown.spans);
    if (!quote) body.scrollTop = 0;
    else if (pages) {
      const mark = part(".wj-box");
      if (mark) centre(mark.getBoundingClientRect());
      else leafTo(part(".wj-sheet") && (await wenju.get("read", named({ spans: shown.spans }))).page);
    } else await toText(...quote);
    if (pages) counting();
    else grow();
  }

  function scrolled() {
    if (part(".wj-leaves").hidden) grow();
    else counting();
  }

  // Citations of the same answer, in the order of the answer

  function citations() {
    const seen = new Set();
    const chips = document.querySelectorAll(`.wj-turn[data-turn="${shown.turn}"] .wj-chip[data-document]`);
    return shown.turn === undefined ? [] : [...chips].filter((chip) => !seen.has(chip.dataset.number) && seen.add(chip.dataset.number));
  }

  function citing() {
    const all = citations(), here = all.findIndex((chip) => chip.dataset.number === shown.number);
    part(".wj-citing").hidden = all.length < 2;
    part(".wj-cite-at").textContent = `[${shown.number}] ${here + 1} / ${all.length}`;
  }

  function cite(step) {
    const all = citations(), here = all.findIndex((chip) => chip.dataset.number === shown.number);
    const next = all[(here + step + all.length) % all.length];
    if (next) open(placeOf(next));
  }

  // The chips of the quote that is open stand out.
  function marked() {
    for (const chip of document.querySelectorAll(".wj-chip[aria-expanded=true]")) chip.setAttribute("aria-expanded", "false");
    if (panel.hidden) return;
    for (const chip of document.querySelectorAll(`.wj-turn[data-turn="${shown.turn}"] .wj-chip[data-number="${shown.number}"]`))
      chip.setAttribute("aria-expanded", "true");
  }

  // Finding

  async function find() {
    const words = part("[type=search]").value.trim(), mine = turn;
    found = [];
    at = -1;
    let length = 0;
    if (words) {
      const answer = await wenju.get("find", named({ words }));
      if (mine !== turn || words !== part("[type=search]").value.trim()) return;
      length = answer.length;
      found = answer.found.map((start) => [start, start + length]);
      more = answer.more ? "+" : "";
    }
    part(".wj-find-at").textContent = words ? `0 / ${found.length}` : "";
    for (const old of panel.querySelectorAll(".wj-sought")) old.remove();
    paint();
    const [quote] = parse(shown.spans);
    // The match nearest to where the reader is comes first.
    const near = Number(quote?.[0] || 0);
    const first = found.findIndex(([start]) => start >= near);
    if (found.length) step(0, first < 0 ? 0 : first);
  }

  async function step(by, to = at + by) {
    if (!found.length) return;
    at = (to + found.length) % found.length;
    part(".wj-find-at").textContent = `${at + 1} / ${found.length}${more}`;
    if (part(".wj-leaves").hidden) return toText(...found[at]);
    const answer = await wenju.get("boxes", named({ spans: found[at].join("-") }));
    for (const old of panel.querySelectorAll(".wj-sought")) old.remove();
    box(answer.spans, "wj-sought");
    centre(part(".wj-sought")?.getBoundingClientRect());
  }

  // Matches are painted by the browser, without a change to the text; an old browser shows where it scrolls to.
  function paint() {
    if (!window.CSS?.highlights) return;
    const ranges = found.filter((one) => loaded(...one)).map((one) => range(...one)).filter(Boolean);
    const here = at >= 0 && loaded(...found[at]) ? range(...found[at]) : null;
    CSS.highlights.set("wj-found", new Highlight(...ranges));
    CSS.highlights.set("wj-here", new Highlight(...(here ? [here] : [])));
  }

  // Events

  const DO = {
    close,
    back: () => cite(-1),
    on: () => cite(1),
    pages: () => show((asPages = true)),
    text: () => show((asPages = false)),
    "leaf-back": () => leafTo(Number(current()?.dataset.page) - 1),
    "leaf-on": () => leafTo(Number(current()?.dataset.page) + 1),
    smaller: () => zoomTo(zoom - 1),
    larger: () => zoomTo(zoom + 1),
    "find-back": () => step(-1),
    "find-on": () => step(1),
  };

  function clicked(event) {
    DO[event.target.closest("[data-do]")?.dataset.do]?.();
  }

  function pressed(event) {
    if (event.isComposing) return;
    if (event.target.type === "search" && event.key === "Enter") step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab" && wenju.narrow()) hold(event);
    else return;
    event.stopPropagation();
  }

  // On a phone the panel covers the page, so the focus stays in it.
  function hold(event) {
    const stops = [...panel.querySelectorAll("button, a[href], input, [tabindex='0']")].filter((one) => one.offsetParent);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== edge && document.activeElement !== panel) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }

  function placeOf(chip) {
    const { document: id, spans, facts, quote, number, turn: of } = chip.dataset;
    const said = [...(quote || "")].slice(0, 300).join("");
    return { collection: wenju.collection(), document: id, spans, facts, said, number, turn: of };
  }

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-document][data-spans]");
    if (chip) open(placeOf(chip), chip);
    if (event.target.closest("#wj-tabs [role=tab]")) close(); // what it belongs to goes out of sight
  });

  // After a reload the panel opens where it was.
  const last = history.state?.wjReader;
  if (last) wenju.ready(() => open(last));

  return { open, close, placeOf };
})();
