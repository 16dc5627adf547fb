// The documents area: dropping files, following them, the list and what is done with it, collections.
wenju.library = (() => {
  "use strict";
  const POLL = 500; // milliseconds between two looks at files on their way
  const KEY = "wj-collection", VISITOR = "wj-visitor";
  const state = { words: "", sort: "name", page: 1, changed: -1, uploading: 0 };
  let choose = () => {}, changed = () => {}, polling = false, wanted = false, lists = 0;

  // A number of this tab's own: progress is shown to whoever dropped the files.
  if (!sessionStorage.getItem(VISITOR)) {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    sessionStorage.setItem(VISITOR, [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  const here = (more) => ({ collection: wenju.collection(), visitor: sessionStorage.getItem(VISITOR), ...more });
  const area = (name) => document.querySelector(`#wj-library ${name}`);
  const post = (path, values) => wenju.get(path, here(values), { method: "POST" });

  function say(words) {
    const place = area(".wj-shelf-said");
    if (place) place.textContent = words;
  }

  async function tried(work) {
    say("");
    try {
      return await work();
    } catch (error) {
      say(error.message);
    }
  }

  // The list

  async function list() {
    const turn = ++lists; // an answer that comes after a later question's is not shown
    const { words, sort, page } = state;
    const answer = await wenju.get("list", here({ words, sort, page }));
    const place = area(".wj-list");
    if (place && turn === lists) place.innerHTML = answer.html;
    choosing();
  }

  function chosen() {
    return [...document.querySelectorAll("#wj-library .wj-documents input:checked")].map((box) => box.value);
  }

  function choosing() {
    area(".wj-list")?.classList.toggle("wj-choosing", chosen().length > 0);
  }

  // Files on their way

  async function look() {
    let answer;
    try {
      answer = await wenju.get("rows", here());
    } catch {
      return false;
    }
    draw(answer);
    return answer.active > 0 || state.uploading > 0;
  }

  function draw(answer) {
    const place = area(".wj-rows");
    if (place && place.innerHTML !== answer.html) place.innerHTML = answer.html;
    if (answer.changed !== state.changed && state.changed >= 0) {
      list();
      changed();
    }
    state.changed = answer.changed;
  }

  async function follow() {
    wanted = true; // a look under way may have left before the newest file came
    if (polling) return;
    polling = true;
    try {
      while (wanted) {
        wanted = false;
        wanted = (await look()) || wanted;
        if (wanted) await new Promise((wake) => setTimeout(wake, POLL));
      }
    } finally {
      polling = false;
    }
  }

  // Dropping

  async function upload(files) {
    const limit = Number(area(".wj-drop").dataset.limit);
    if (files.length > limit) say(area(".wj-drop").dataset.tooMany.replace("{seen}", files.length));
    else say("");
    if (state.changed < 0) await look();
    state.uploading += 1;
    follow();
    for (const [file, name] of files.slice(0, limit)) {
      try {
        await wenju.get("upload", here({ name }), { method: "POST", body: file });
      } catch (error) {
        say(`${name}: ${error.message}`);
      }
    }
    state.uploading -= 1;
    follow();
  }

  // The files of what was dropped, folders read to the bottom.
  async function dropped(items) {
    const files = [];
    async function walk(entry, path) {
      if (entry.name.startsWith(".")) return;
      if (entry.isFile) files.push([await new Promise((got, failed) => entry.file(got, failed)), path + entry.name]);
      else {
        const reader = entry.createReader();
        for (;;) {
          const some = await new Promise((got, failed) => reader.readEntries(got, failed));
          if (!some.length) break;
          for (const one of some) await walk(one, `${path}${entry.name}/`);
        }
      }
    }
    const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    for (const entry of entries) await walk(entry, "");
    return files;
  }

  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const drop = area(".wj-drop");
      if (!drop || !event.dataTransfer?.types.includes("Files") || !event.target.closest?.("#wj-library")) return;
      event.preventDefault();
      drop.classList.toggle("wj-over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") dropped(event.dataTransfer.items).then(upload);
    });
  }

  // A second click within a few seconds confirms.
  function armed(button) {
    if (button.dataset.armed) return true;
    const label = button.textContent;
    button.dataset.armed = "yes";
    button.textContent = button.dataset.confirm;
    setTimeout(() => {
      delete button.dataset.armed;
      button.textContent = label;
    }, 4000);
    return false;
  }

  const DO = {
    async remove(button, documents) {
      if (!armed(button)) return;
      await post("remove", { documents });
      await list();
      changed();
    },
    async again(button, documents) {
      if (state.changed < 0) await look();
      draw(await post("again", { documents }));
      follow();
    },
    "again-all": (button) => DO.again(button, ""),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#wj-library button");
    if (!button) return;
    const { do: act, rows, row, page, shelf } = button.dataset;
    if (act) {
      const one = button.closest("li[data-id]")?.dataset.id;
      tried(() => DO[act](button, one || chosen().join(",")));
    }
    if (rows) tried(async () => draw(await post(rows, { row })));
    if (page) {
      state.page = Number(page);
      tried(list).then(() => area(".wj-list-tools").scrollIntoView({ block: "start", behavior: wenju.motion() }));
    }
    if (shelf === "delete" && armed(button)) tried(async () => go((await post("delete")).collection));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("#wj-library form[data-shelf]");
    if (!form) return;
    event.preventDefault();
    tried(async () => go((await post(form.dataset.shelf, { name: form.querySelector("input").value })).collection));
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.closest?.("#wj-library")) return;
    if (field.type === "file" && field.files.length) {
      upload([...field.files].map((file) => [file, file.name]));
      field.value = "";
    }
    if (field.matches("[data-all]")) {
      for (const box of document.querySelectorAll("#wj-library .wj-documents input")) box.checked = field.checked;
    }
    if (field.type === "checkbox") choosing();
    if (field.matches("[data-sort]")) {
      Object.assign(state, { sort: field.value, page: 1 });
      list();
    }
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("#wj-library .wj-list-tools [type=search]")) return;
    Object.assign(state, { words: event.target.value, page: 1 });
    wenju.later("list", 200, list);
  });

  // Collections: the choice is this tab's own and lasts through a reload.

  let moved = false, waiting = [];
  function go(collection) {
    moved = true;
    sessionStorage.setItem(KEY, collection);
    Object.assign(state, { words: "", sort: "name", page: 1, changed: -1 });
    choose(collection);
  }

  return {
    // `tell` asks the server for a collection, `refresh` tells it that documents have changed.
    listen(tell, refresh) {
      choose = tell;
      changed = refresh;
      const last = sessionStorage.getItem(KEY);
      if (last) choose(last);
      wenju.ready(() => setTimeout(follow, 300));
    },
    go,
    // The server has the new collection: a conversation is about one collection, so another one begins.
    chosen() {
      if (moved) document.getElementById("wj-new")?.click();
      moved = false;
      for (const resume of waiting.splice(0)) resume();
      follow();
    },
    // A kept conversation is shown with the collection it was about.
    use(collection) {
      if (collection === wenju.collection()) return Promise.resolve();
      sessionStorage.setItem(KEY, collection);
      return new Promise((resume) => {
        waiting.push(resume);
        choose(collection);
      });
    },
  };
})();
