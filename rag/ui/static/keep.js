// Kept conversations: the store (this browser's own, or the server's disk) and the drawer that lists them.
(() => {
  "use strict";
  const VERSION = 1;
  const CURRENT = "wenju_current"; // this tab's conversation, so that a reload finds it again

  // The browser's own store: one IndexedDB table, keyed by id.
  function browserStore() {
    const opening = new Promise((resolve, reject) => {
      const request = indexedDB.open("wenju", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("conversations", { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const table = async (mode, act) => {
      const database = await opening;
      return new Promise((resolve, reject) => {
        const request = act(database.transaction("conversations", mode).objectStore("conversations"));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    };
    return {
      list: () => table("readonly", (all) => all.getAll()),
      get: (id) => table("readonly", (all) => all.get(id)),
      put: (record) => table("readwrite", (all) => all.put(record)),
      remove: (id) => table("readwrite", (all) => all.delete(id)),
    };
  }

  function diskStore(server) {
    return {
      list: () => server.kept_list(null),
      get: (id) => server.kept_get(id),
      put: (record) => server.kept_put(record),
      remove: (id) => server.kept_remove(id),
    };
  }

  let store = null;
  let open = null; // tells the server to show a record
  let refill = () => {};
  const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  const current = () => sessionStorage.getItem(CURRENT);
  const newId = () => `c-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;

  // Turns are kept one after another, in the order in which they came.
  let writing = Promise.resolve();
  wenju.kept = (message) => {
    if (!message) return;
    const said = JSON.parse(message);
    if (said.new) {
      sessionStorage.removeItem(CURRENT);
      refill();
      return;
    }
    writing = writing.then(() => keepTurn(said)).catch((error) => console.warn("not kept:", error));
  };
  async function keepTurn({ number, turn, following }) {
    const now = Date.now();
    const id = current() || newId();
    const record = (await store.get(id)) || { version: VERSION, id, title: turn.question, created: now, turns: [], collection: wenju.collection() };
    const rest = following ? record.turns.slice(number + 1) : [];
    record.turns = [...record.turns.slice(0, number), turn, ...rest];
    record.updated = now;
    await store.put(record);
    sessionStorage.setItem(CURRENT, id);
    refill();
  }

  const words = (element) => JSON.parse(element.querySelector(".wj-kept").dataset.words);
  const make = (tag, text, classes) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    if (classes) node.className = classes;
    return node;
  };
  const button = (text, act, classes = "wj-act") => {
    const node = make("button", text, classes);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  };

  function textOf(record) {
    const parts = record.turns.map((turn) => `${turn.question} ${(turn.answer && turn.answer.text) || turn.draft}`);
    return `${record.title} ${parts.join(" ")}`.toLowerCase();
  }

  function download(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `${name.replace(/[\\/:*?"<>|\x00-\x1f]/g, "_").slice(0, 60) || "wenju"}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  wenju.download = download;
  // All eval cases that were made of answers judged bad, as .jsonl; the newest of a question counts.
  wenju.cases = async () => {
    const all = (await store.list()).sort((one, other) => one.updated - other.updated);
    const cases = new Map();
    for (const { turns } of all)
      for (const { feedback } of turns) if (feedback && feedback.case) cases.set(feedback.case.id, feedback.case);
    return [...cases.values()].map((one) => JSON.stringify(one) + "\n").join("");
  };

  wenju.keep = (element, show, watch, server) => {
    store = server.kept_list ? diskStore(server) : browserStore();
    open = async (id) => {
      const record = await store.get(id);
      if (!record) return;
      sessionStorage.setItem(CURRENT, id);
      await wenju.library.use(record.collection || "");
      show(JSON.stringify(record));
      refill();
    };
    const say = (text) => {
      element.querySelector("[role=status]").textContent = text;
    };

    refill = async () => {
      const list = element.querySelector(".wj-kept-list");
      if (!list) return;
      const word = words(element);
      const sought = element.querySelector(".wj-search").value.trim().toLowerCase();
      const all = (await store.list()).sort((one, other) => other.updated - one.updated);
      const found = sought ? all.filter((record) => textOf(record).includes(sought)) : all;
      list.replaceChildren(...found.map((record) => row(record, word)));
      say(all.length ? (found.length ? "" : word.kept_no_match) : word.kept_none);
    };

    function row(record, word) {
      const item = make("li");
      item.dataset.id = record.id;
      const title = button(record.title || word.untitled, () => open(record.id).then(wenju.closeDrawer), "wj-kept-title");
      if (record.id === current()) title.setAttribute("aria-current", "true");
      const date = new Date(record.updated).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
      const about = make("div");
      about.append(title, make("p", date, "wj-meta"));
      const tools = make("div", "", "wj-tools");
      const remove = button(word.delete, async () => {
        if (!remove.dataset.armed) {
          remove.dataset.armed = "yes";
          remove.textContent = word.confirm_delete;
          setTimeout(refill, 4000);
          return;
        }
        await store.remove(record.id);
        if (record.id === current()) document.getElementById("wj-new").click();
        refill();
      });
      remove.classList.add("wj-danger");
      tools.append(
        button(word.rename, () => rename(item, record, word)),
        remove,
      );
      item.append(about, tools);
      return item;
    }

    function rename(item, record, word) {
      const field = make("input");
      field.value = record.title;
      field.maxLength = 200;
      field.setAttribute("aria-label", word.rename);
      const done = async () => {
        const title = field.value.trim();
        if (title) await store.put({ ...record, title });
        refill();
      };
      field.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        if (event.key === "Enter") done();
        if (event.key === "Escape") {
          event.stopPropagation();
          refill();
        }
      });
      const save = button(word.save, done);
      item.replaceChildren(field, save);
      field.select();
    }

    element.addEventListener("input", (event) => {
      if (event.target.matches(".wj-search")) refill();
    });
    element.addEventListener("click", async (event) => {
      const { close, export: format, bring } = event.target.dataset;
      if (close !== undefined) wenju.closeDrawer();
      if (format) {
        const record = current() && (await store.get(current()));
        if (!record) return say(words(element).kept_none);
        const json = JSON.stringify(record, null, 1);
        if (format === "json") return download(`${record.title}.json`, "application/json", json);
        const made = await server.as_markdown({ record: json, language: language() });
        if (made.error) return say(made.error);
        download(`${record.title}.md`, "text/markdown", made.text);
      }
      if (bring !== undefined) {
        const picker = make("input");
        picker.type = "file";
        picker.accept = ".json,application/json";
        picker.addEventListener("change", () => picker.files[0] && take(picker.files[0]));
        picker.click();
      }
    });

    async function take(file) {
      const text = await file.text();
      const checked = await server.check_record({ record: text, language: language() });
      if (checked.error) return say(checked.error);
      const record = { ...JSON.parse(text), id: newId(), updated: Date.now() };
      await store.put(record);
      await refill();
      say(words(element).imported);
    }

    // The server draws the drawer anew when the language changes.
    watch("value", () => refill());
    refill();
    // After a reload, go on where this tab was, once the empty page is there to be replaced.
    const resume = setInterval(() => {
      if (!document.querySelector("#wj-log .wj-welcome")) return;
      clearInterval(resume);
      if (current()) open(current());
    }, 50);
  };

  // The drawer opens over the page and gives the focus back when it closes.
  const drawer = () => document.getElementById("wj-drawer");
  const opener = () => document.querySelector("#wj-history button");
  wenju.drawerOpen = () => Boolean(drawer() && drawer().hasAttribute("data-open"));
  wenju.closeDrawer = (focus = true) => {
    if (!wenju.drawerOpen()) return;
    drawer().removeAttribute("data-open");
    opener().setAttribute("aria-expanded", "false");
    if (focus) opener().focus();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("#wj-history button")) {
      if (wenju.drawerOpen()) return wenju.closeDrawer();
      drawer().setAttribute("data-open", "");
      opener().setAttribute("aria-expanded", "true");
      refill();
      drawer().querySelector(".wj-search").focus();
    } else if (event.isTrusted && !event.target.closest("#wj-drawer") && document.contains(event.target)) {
      wenju.closeDrawer(false);
    }
  });
})();
