// The source panel: a chip opens its source.
(() => {
  "use strict";
  // Show the sources of one turn and bring the quote of one marker into view.
  function openSource(chip) {
    const { turn, number } = chip.dataset;
    const source = document.getElementById(`wj-source-${turn}-${number}`);
    if (!source) return;
    for (const section of document.querySelectorAll(".wj-section")) section.hidden = section.dataset.turn !== turn;
    (source.querySelector("mark") || source).scrollIntoView({ block: "center", behavior: wenju.motion() });
    source.focus({ preventScroll: true });
    source.classList.remove("wj-flash");
    void source.offsetWidth; // restarts the animation when the same chip is clicked again
    source.classList.add("wj-flash");
  }

  function backToAnswer(turn) {
    const answer = document.querySelector(`.wj-turn[data-turn="${turn}"]`);
    if (answer) answer.scrollIntoView({ block: "center", behavior: wenju.motion() });
  }

  document.addEventListener("click", (event) => {
    const chip = event.target.closest(".wj-chip[data-number]");
    if (chip) openSource(chip);
    const back = event.target.closest(".wj-back");
    if (back) backToAnswer(back.dataset.turn);
  });
})();
