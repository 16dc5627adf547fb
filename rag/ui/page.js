// Behaviour of the chat page. One listener on the document, so it works for content that streams in later.
(() => {
  "use strict";
  const narrow = window.matchMedia("(max-width: 700px)");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const motion = () => (calm.matches ? "auto" : "smooth");
  document.documentElement.lang = navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";

  // Show the sources of one turn and bring the quote of one marker into view.
  function openSource(chip) {
    const { turn, number } = chip.dataset;
    const source = document.getElementById(`wj-source-${turn}-${number}`);
    if (!source) return;
    for (const section of document.querySelectorAll(".wj-section")) section.hidden = section.dataset.turn !== turn;
    (source.querySelector("mark") || source).scrollIntoView({ block: "center", behavior: motion() });
    source.focus({ preventScroll: true });
    source.classList.remove("wj-flash");
    void source.offsetWidth; // restarts the animation when the same chip is clicked again
    source.classList.add("wj-flash");
  }

  function backToAnswer(turn) {
    const answer = document.querySelector(`.wj-turn[data-turn="${turn}"]`);
    if (answer) answer.scrollIntoView({ block: "center", behavior: motion() });
  }

  document.addEventListener("click", (event) => {
    const chip = event.target.closest(".wj-chip[data-number]");
    if (chip) openSource(chip);
    const back = event.target.closest(".wj-back");
    if (back) backToAnswer(back.dataset.turn);
  });

  // Enter that only confirms an input-method candidate must not send the question.
  for (const kind of ["keydown", "keypress"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopPropagation();
      },
      true,
    );
  }

  // Follow the streaming answer unless the reader has scrolled up.
  let following = true;
  document.addEventListener(
    "scroll",
    (event) => {
      const log = event.target;
      if (log.id === "wj-log") following = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    },
    true,
  );
  let asked = -1;
  function follow() {
    const log = document.getElementById("wj-log");
    const turns = document.querySelectorAll(".wj-turn");
    if (!log || !turns.length) {
      asked = -1;
      return;
    }
    const last = turns[turns.length - 1];
    const number = Number(last.dataset.turn);
    const fresh = number !== asked;
    asked = number;
    if (fresh) following = true;
    if (narrow.matches) {
      if (fresh) last.scrollIntoView({ block: "start", behavior: motion() });
    } else if (following) {
      log.scrollTop = log.scrollHeight;
    }
    if (fresh) {
      const side = document.getElementById("wj-side");
      if (side) side.scrollTop = 0;
    }
  }
  new MutationObserver((changes) => {
    const inLog = (change) => {
      const node = change.target.nodeType === Node.TEXT_NODE ? change.target.parentElement : change.target;
      return node && node.closest("#wj-log");
    };
    if (changes.some(inLog)) follow();
  }).observe(document.documentElement, { subtree: true, childList: true, characterData: true });
})();
