// A preview of a quote beside its chip: on hover and on keyboard focus. A tap opens the source instead.
(() => {
  "use strict";
  const known = new Map();
  let card, chip;

  function build() {
    card = document.createElement("div");
    card.className = "wj wj-peek";
    card.id = "wj-peek";
    card.setAttribute("role", "tooltip");
    card.hidden = true;
    document.body.append(card);
  }

  async function peek(at) {
    if (!card) build();
    chip = at;
    const place = wenju.reader.placeOf(at);
    const key = JSON.stringify(place);
    if (!known.has(key)) {
      try {
        known.set(key, (await wenju.get("peek", place)).html);
      } catch {
        known.delete(key);
      }
    }
    if (chip !== at || !at.isConnected) return;
    if (known.has(key)) card.innerHTML = known.get(key);
    else card.textContent = at.dataset.quote;
    card.hidden = false;
    at.setAttribute("aria-describedby", card.id);
    const mark = at.getBoundingClientRect(), size = card.getBoundingClientRect();
    const left = Math.min(Math.max(mark.left - 24, 8), innerWidth - size.width - 8);
    const above = mark.top - size.height - 8;
    card.style.left = `${left}px`;
    card.style.top = `${above > 8 ? above : mark.bottom + 8}px`;
  }

  function away() {
    wenju.later("peek", 0, () => {});
    chip?.removeAttribute("aria-describedby");
    chip = null;
    if (card) card.hidden = true;
  }

  const chipOf = (event) => event.target.closest?.(".wj-chip[data-document]");

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const over = chipOf(event);
    if (over && over !== chip) wenju.later("peek", 120, () => peek(over));
    // The card may be read with the pointer on it.
    else if (!over && chip && !event.target.closest?.(".wj-peek")) wenju.later("peek", 160, away);
  });
  document.addEventListener("focusin", (event) => {
    const focused = chipOf(event);
    if (focused?.matches(":focus-visible")) peek(focused);
    else if (!focused) away();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && card && !card.hidden) {
      event.stopPropagation();
      away();
    }
  }, true);
  document.addEventListener("click", away, true);
  document.addEventListener("scroll", away, true);
})();
