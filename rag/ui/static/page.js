// The frame of the page, and what the other scripts share. Gradio runs it when its own code has started.
window.wenju = (() => {
  "use strict";
  const COOKIE = "wenju_language";
  const narrow = window.matchMedia("(max-width: 700px)");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  // The first stop of the Tab key: straight to the field.
  const skip = document.createElement("a");
  skip.className = "wj-skip";
  skip.href = "#wj-ask";
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    const field = document.querySelector("#wj-ask textarea");
    if (field) field.focus();
  });
  // What screen readers are told of what goes on.
  const voice = document.createElement("div");
  voice.className = "wj-unseen";
  voice.setAttribute("role", "status");
  const place = () => document.body.prepend(skip, voice);
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);

  // The reader's own choice beats the browser's.
  const chosen = (document.cookie.match(`(?:^|; )${COOKIE}=(zh|en)`) || [])[1];
  function speak(language) {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    skip.textContent = language === "zh" ? "跳到提问" : "Skip to the question";
  }
  speak(chosen || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"));

  return {
    tell(text) {
      voice.textContent = text;
    },
    narrow: () => narrow.matches,
    motion: () => (calm.matches ? "auto" : "smooth"),
    // Put text into one of Gradio's fields so that Gradio notices.
    write(field, text) {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    // Remember the language; the server hears of it with the next request.
    choose(language) {
      document.cookie = `${COOKIE}=${language}; path=/; max-age=31536000; samesite=strict`;
      speak(language);
    },
  };
})();
