// The frame of the page, and what the other scripts share. Gradio runs it when its own code has started.
window.wenju = (() => {
  "use strict";
  const COOKIE = "wenju_language";
  const narrow = window.matchMedia("(max-width: 700px)");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  // The reader's own choice beats the browser's.
  const chosen = (document.cookie.match(`(?:^|; )${COOKIE}=(zh|en)`) || [])[1];
  function speak(language) {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }
  speak(chosen || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"));

  return {
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
