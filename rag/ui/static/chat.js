// The conversation: keys, editing, copying, and following the answer as it grows.
(() => {
  "use strict";
  const box = () => document.querySelector("#wj-ask textarea");

  // Copy Markdown; a page that is not served securely has no clipboard, so a selection stands in.
  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  // Turn a question into a field; sending it asks again from its place.
  function edit(button) {
    const place = button.closest(".wj-asked");
    const before = [...place.childNodes];
    const { edit: turn, question, send, cancel, label } = button.dataset;
    const field = document.createElement("textarea");
    field.value = question;
    field.setAttribute("aria-label", label);
    const tools = document.createElement("div");
    tools.className = "wj-tools";
    const [sending, cancelling] = [send, cancel].map((words) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "wj-offer";
      made.textContent = words;
      tools.append(made);
      return made;
    });
    sending.dataset.turn = turn;
    sending.dataset.ask = question;
    const restore = () => {
      place.classList.remove("wj-editing");
      place.replaceChildren(...before);
      button.focus();
    };
    cancelling.addEventListener("click", restore);
    field.addEventListener("input", () => {
      sending.dataset.ask = field.value;
    });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        if (field.value.trim()) sending.click();
      }
      if (event.key === "Escape") {
        event.stopPropagation();
        restore();
      }
    });
    place.classList.add("wj-editing");
    place.replaceChildren(field, tools);
    field.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".wj button");
    if (!button) return;
    const { copy: text, done, edit: turn, rephrase, go, nearest } = button.dataset;
    if (text !== undefined) {
      const words = button.textContent;
      copy(text).then(() => {
        button.textContent = done;
        setTimeout(() => (button.textContent = words), 2000);
      });
    }
    if (turn !== undefined) edit(button);
    if (rephrase !== undefined) {
      wenju.write(box(), rephrase);
      box().focus();
      box().select();
    }
    if (go !== undefined) document.querySelector(`[role="tab"][data-tab-id="${go}"]`).click();
    if (nearest !== undefined) wenju.showSources(nearest);
  });

  // Esc stops the answer, / goes to the field.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const stop = document.querySelector("#wj-ask .stop-button");
      if (wenju.drawerOpen()) wenju.closeDrawer();
      else if (stop) stop.click();
    }
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]") && box()) {
      event.preventDefault();
      box().focus();
    }
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

  // Screen readers hear what goes on and then the checked answer, not every repaint of a draft.
  let heard = "";
  function announce(turn) {
    const busy = turn.getAttribute("aria-busy") === "true";
    const said = turn.querySelector(busy ? ".wj-doing" : ".wj-answer, .wj-card");
    const text = said ? said.innerText : "";
    if (`${turn.dataset.turn}${text}` === heard) return;
    heard = `${turn.dataset.turn}${text}`;
    wenju.tell(text);
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
    announce(last);
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
