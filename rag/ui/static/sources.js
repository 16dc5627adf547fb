// The source panel: the sources of one turn at a time; reader.js opens a whole document.
(() => {
  "use strict";
  function showSection(turn) {
    for (const section of document.querySelectorAll(".wj-section")) section.hidden = section.dataset.turn !== turn;
  }
  // Show the source section of a turn, for other scripts.
  wenju.showSources = (turn) => {
    showSection(turn);
    const section = document.querySelector(`.wj-section[data-turn="${turn}"]`);
    if (!section) return;
    section.tabIndex = -1;
    section.scrollIntoView({ block: "start", behavior: wenju.motion() });
    section.focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    const chip = event.target.closest(".wj-chip[data-number]");
    if (chip) showSection(chip.dataset.turn);
  });
})();
