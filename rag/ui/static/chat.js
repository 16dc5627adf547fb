// The conversation: sending, and following the answer as it grows.
(() => {
  "use strict";
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
    if (wenju.narrow()) {
      if (fresh) last.scrollIntoView({ block: "start", behavior: wenju.motion() });
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
