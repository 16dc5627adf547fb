// The evaluation form: gathers the questions, which may be in this browser alone, and saves reports.
(() => {
  "use strict";
  const MOST = 5e6; // bytes of a question file

  async function asked(element) {
    const set = element.querySelector("input[name=wj-set]:checked").value;
    if (set === "feedback") return { set, text: await wenju.cases() };
    if (set !== "file") return { set, text: "" };
    const picker = element.querySelector("input[type=file]");
    if (!picker.files.length) {
      picker.click();
      await new Promise((resolve) => picker.addEventListener("change", resolve, { once: true }));
    }
    return { set, text: await picker.files[0].slice(0, MOST).text() };
  }

  wenju.evaluation = (element, start, cancel) => {
    element.addEventListener("click", async (event) => {
      const { run, cancel: stop, cases } = event.target.dataset;
      if (run !== undefined) start(await asked(element));
      if (stop !== undefined) cancel();
      if (cases !== undefined) wenju.download("feedback.jsonl", "application/jsonl", await wenju.cases());
    });
    element.addEventListener("change", (event) => {
      if (event.target.name === "wj-set") element.querySelector("input[type=file]").hidden = event.target.value !== "file";
    });
  };
  document.addEventListener("click", (event) => {
    const { report, file } = event.target.dataset || {};
    if (report) wenju.download(file, "text/html", JSON.parse(report));
  });
})();
