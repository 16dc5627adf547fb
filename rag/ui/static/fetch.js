// What the scripts of the page ask the server for, at the private address that the page was given.
Object.assign(wenju, (() => {
  "use strict";
  const waiting = new Map();

  function address(path, values) {
    const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
    return `${wenju.base}/${path}?${new URLSearchParams(given)}`;
  }

  // The parsed answer; a refusal is thrown in the server's own words.
  async function get(path, values = {}, options = {}) {
    const response = await fetch(address(path, values), options);
    const answer = await response.json();
    if (!response.ok || answer.error) throw new Error(answer.error);
    return answer;
  }

  // Run `work` after `pause` milliseconds, unless it is asked for again before.
  function later(name, pause, work) {
    clearTimeout(waiting.get(name));
    waiting.set(name, setTimeout(work, pause));
  }

  function ready(work) {
    if (document.getElementById("wj-main")) work();
    else setTimeout(() => ready(work), 50);
  }

  return {
    address,
    get,
    later,
    ready,
    // The id of the collection that this conversation is about; "" is the default one.
    collection: () => document.querySelector("[data-collection]")?.dataset.collection || "",
  };
})());
